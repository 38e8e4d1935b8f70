import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatRequest } from './format-request.js';
import { createReceiver } from './receiver.js';

const { HOST: host = '127.0.0.1', PORT: port = '4000', RECEIVER_SECRET: secret = '' } = process.env;
if (!/^whsec_[A-Za-z0-9+/]+=*$/.test(secret)) {
  console.error('RECEIVER_SECRET must be the secret of the webhook, whsec_…: the response to its registration shows it.');
  process.exit(1);
}

const app = createReceiver({
  secret,
  onRequest: (received) => {
    console.log(formatRequest(received, new Date()));
  },
});
const server = createServer(app).listen(Number(port), host);
await once(server, 'listening');
console.log(`Receiver is ready: http://${host}:${String((server.address() as AddressInfo).port)}/hook`);

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.close());
