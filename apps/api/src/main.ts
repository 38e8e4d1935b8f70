import { orExit, startOrExit } from '@tidings/config';
import { waitForShutdown } from '@tidings/runtime/shutdown';
import { composeApi } from './compose.js';
import { readApiConfig } from './config.js';

/** How long stopping may take, in milliseconds. */
const SHUTDOWN_MS = 10_000;

const config = orExit(() => readApiConfig(process.env));
const api = await composeApi(config);
await startOrExit(api.start);
await waitForShutdown({ stop: api.stop, deadlineMs: SHUTDOWN_MS, log: api.log });
