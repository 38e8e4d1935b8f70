import { orExit, resolvedOrExit } from '@tidings/config';
import { captureConsole } from '@tidings/runtime/logging';
import { runUntilStopped } from '@tidings/runtime/shutdown';
import { composeApi } from './compose.js';
import { readApiConfig } from './config.js';

/** How long stopping may take after the times that the settings give to proxies, in milliseconds. */
const SHUTDOWN_MS = 10_000;

const config = orExit(() => readApiConfig(process.env));
const api = await resolvedOrExit(composeApi(config));
captureConsole(api.log);
const { delayMs, idleMs } = config.shutdown;
await runUntilStopped({ start: api.start, stop: api.stop, deadlineMs: delayMs + idleMs + SHUTDOWN_MS, log: api.log });
