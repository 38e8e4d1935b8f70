import { orExit } from '@tidings/config';
import { captureConsole } from '@tidings/runtime/logging';
import { waitForShutdown } from '@tidings/runtime/shutdown';
import { composeApi } from './compose.js';
import { readApiConfig } from './config.js';

/** How long stopping may take, in milliseconds. */
const SHUTDOWN_MS = 10_000;

const config = orExit(() => readApiConfig(process.env));
const api = await composeApi(config);
captureConsole(api.log);
await api.start();
await waitForShutdown({ stop: api.stop, deadlineMs: SHUTDOWN_MS, log: api.log });
