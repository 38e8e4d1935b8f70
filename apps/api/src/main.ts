import { orExit } from '@tidings/config';
import { startOrExit, waitForShutdown } from '@tidings/runtime/shutdown';
import { composeApi } from './compose.js';
import { readApiConfig } from './config.js';

/** How long stopping may take, in milliseconds. */
const SHUTDOWN_MS = 10_000;

const config = orExit(() => readApiConfig(process.env));
const api = await composeApi(config);
// A process that waits for its database must stop when it is asked to.
void startOrExit(api.start, api.log);
await waitForShutdown({ stop: api.stop, deadlineMs: SHUTDOWN_MS, log: api.log });
