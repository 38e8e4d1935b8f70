import { orExit } from '@tidings/config';
import { startOrExit, waitForShutdown } from '@tidings/runtime/shutdown';
import { composeWorker } from './compose.js';
import { readWorkerConfig } from './config.js';

/** How long stopping may take beyond an attempt in flight, in milliseconds. */
const SHUTDOWN_MARGIN_MS = 5000;

const config = orExit(() => readWorkerConfig(process.env));
const worker = await composeWorker(config);
// A process that waits for its database must stop when it is asked to.
void startOrExit(worker.start, worker.log);
await waitForShutdown({ stop: worker.stop, deadlineMs: config.timeoutMs + SHUTDOWN_MARGIN_MS, log: worker.log });
