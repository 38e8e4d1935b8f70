import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { ListenError, startListening, urlOf } from '@tidings/runtime/listen';
import { formatRequest } from './format-request.js';
import { createReceiver } from './receiver.js';

const {
  HOST: host = '127.0.0.1',
  PORT: port = '4000',
  RECEIVER_SECRET: given = '',
  RECEIVER_SECRET_FILE: file = '',
} = process.env;
if (file === '' && !/^whsec_[A-Za-z0-9+/]+=*$/.test(given)) {
  console.error('RECEIVER_SECRET must be the secret of the webhook, whsec_…: the response to its registration shows it.');
  process.exit(1);
}
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1));

/** Returns the secret, or undefined while its file is not there: `npm start` starts the receiver before the API has a secret. */
function readSecret(): string | undefined {
  if (file === '') return given;
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { secret: string }).secret;
  } catch {
    return undefined;
  }
}

let receiver: { secret: string; listener: RequestListener } | undefined;
const server = createServer((request, response) => {
  const secret = readSecret();
  if (secret === undefined) {
    response.writeHead(503, { 'content-type': 'text/plain' }).end('The receiver has no secret yet.\n');
    return;
  }
  if (receiver?.secret !== secret) {
    const onRequest = (received: Parameters<typeof formatRequest>[0]): void => {
      console.log(formatRequest(received, new Date()));
    };
    receiver = { secret, listener: createReceiver({ secret, onRequest }) };
  }
  receiver.listener(request, response);
});
try {
  const bound = await startListening(server, { host, port: Number(port), settings: { host: 'HOST', port: 'PORT' } });
  console.log(`Receiver is ready: ${urlOf(host, bound)}/hook`);
} catch (error) {
  if (!(error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exit(1);
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.close());
