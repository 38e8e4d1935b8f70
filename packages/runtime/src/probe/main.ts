// The health check of the images: node packages/runtime/dist/probe/main.js [path]
// Exits with 0 when the process with this environment answers 200, whatever HOST and HEALTH_HOST are. Default: /healthz.
import { probe, probeTarget } from './probe.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const [path = '/healthz'] = process.argv.slice(2);
const target = probeTarget(process.env);
if (target === null) say('This process has no port to ask: set HEALTH_PORT.');
else {
  const where = `port ${String(target.port)} of ${target.host}`;
  await probe(target, path).then(
    (status) => {
      say(`${path} at ${where} answers ${String(status)}.`);
      process.exitCode = status === 200 ? 0 : 1;
    },
    (error: unknown) => {
      say(`${path} at ${where} does not answer: ${(error as Error).message}`);
      process.exitCode = 1;
    },
  );
}
