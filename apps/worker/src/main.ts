import { orExit, resolvedOrExit } from '@tidings/config';
import { captureConsole } from '@tidings/runtime/logging';
import { runUntilStopped } from '@tidings/runtime/shutdown';
import { composeWorker } from './compose.js';
import { readWorkerConfig } from './config.js';

/** How long stopping may take beyond an attempt in flight, in milliseconds. */
const SHUTDOWN_MARGIN_MS = 5000;

const config = orExit(() => readWorkerConfig(process.env));
const worker = await resolvedOrExit(composeWorker(config));
captureConsole(worker.log);
await runUntilStopped({
  start: worker.start,
  stop: worker.stop,
  deadlineMs: config.timeoutMs + SHUTDOWN_MARGIN_MS,
  log: worker.log,
});
