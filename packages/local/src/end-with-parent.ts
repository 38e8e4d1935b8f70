// Preloaded (node --import) into the API, the worker and the receiver: when the process that started them dies, even by
// kill -9, they stop as if it had asked them to. Their standard input is a pipe that ends with that process.
import type { Socket } from 'node:net';

const LONGEST_STOP_MS = 30_000;

const parent = process.stdin as Socket;
parent.on('end', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref();
});
parent.on('error', () => undefined);
parent.resume().unref();

// Nobody reads what is logged from then on: that must not cut the stopping short.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
