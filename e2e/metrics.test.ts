import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { syncCompleted, syncFailed } from '@tidings/events';
import { freePort } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { documentedMetrics } from './harness/documented-metrics.js';
import { readMetrics, type ServedMetrics } from './harness/served-metrics.js';
import { startReceiver } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
const ports = { api: 0, worker: 0 };
beforeAll(async () => {
  [ports.api, ports.worker] = [await freePort(), await freePort()];
  tidings = await startTidings({
    workers: 0,
    env: { DELIVERY_INITIAL_DELAY_MS: '1', DELIVERY_MAX_DELAY_MS: '2', CIRCUIT_AFTER: '1', CIRCUIT_PROBE_MS: '100' },
    apiEnv: { HEALTH_PORT: String(ports.api) },
  });
  await tidings.startWorker({ HEALTH_PORT: String(ports.worker) });
});
afterAll(() => tidings.stop());

const served = (process: 'api' | 'worker'): Promise<ServedMetrics> => readMetrics(`http://127.0.0.1:${String(ports[process])}/metrics`);
