import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { syncCompleted, syncFailed } from '@tidings/events';
import { freePort } from '@tidings/local';
import { eventually } from '@tidings/testing';
import { documentedMetrics } from './harness/documented-metrics.js';
import { startReceiver } from './harness/receiver.js';
import { readMetrics, total, type ServedMetrics } from './harness/served-metrics.js';
import { startTidings, type Tidings } from './harness/tidings.js';

let tidings: Tidings;
let ports: { api: number; worker: number };
let served: { api: ServedMetrics; worker: ServedMetrics };
const read = async (process: 'api' | 'worker') => readMetrics(`http://127.0.0.1:${String(ports[process])}/metrics`);

/** Causes every kind of counted event, and then reads the metrics of both processes. */
beforeAll(async () => {
  ports = { api: await freePort(), worker: await freePort() };
  const env = {
    DELIVERY_ATTEMPTS: '2',
    DELIVERY_INITIAL_DELAY_MS: '1',
    CIRCUIT_AFTER: '1',
    // No probe ends a delivery of the silent receiver while the tests look.
    CIRCUIT_PROBE_MS: '240000',
    HEALTH_PORT: String(ports.api),
  };
  tidings = await startTidings({ workers: 0, env });
  const alice = tidings.asUser('alice');
  const service = tidings.asUser('service', 'events:publish');
  const syncFailure = (message: string) => syncFailed({ user_id: 'alice', error_message: message });
  const [good, broken, silent] = [await startReceiver(), await startReceiver(() => 500), await startReceiver()];
  await silent.stop();
  const webhook = await alice.register(good, { event_types: ['sync.failed'], max_in_flight: 1 });
  const breaking = await alice.register(broken, { event_types: ['sync.failed'] });
  await alice.register(silent, { event_types: ['sync.failed'] });
  const stream = await alice.follow();

  await service.publish([syncFailure('one'), syncFailure('two')]);
  const removed = await alice.register(good, { event_types: ['sync.completed'] });
  await service.publish(syncCompleted({ user_id: 'alice', items_synced: 1, errors: 0, duration_s: 1 }));
  await alice.call('DELETE', `/api/webhooks/${removed.id}`);
  const event = { ...syncFailure('three'), id: 'evt_three' };
  await service.publish(event);
  await service.publish(event);
  await service.call('POST', '/api/events', { ...event, data: { user_id: 'alice', error_message: 'another' } });
  await service.call('POST', '/api/events', { type: 'sync.failed', data: {} });
  await alice.call('GET', '/api/nothing');
  await stream.waitFor(4);

  await tidings.startWorker({ HEALTH_PORT: String(ports.worker) });
  await tidings.publisher.publish(syncFailure('four'));
  await alice.waitForDeliveries(webhook, 4);
  await alice.waitForDeliveries(breaking, 4);
  await eventually(async () => {
    served = { api: await read('api'), worker: await read('worker') };
    // What the worker counts after its last response, and on its own schedule.
    expect(total(served.worker, 'tidings_circuits_opened_total')).toBe(1);
    expect(total(served.worker, 'tidings_first_attempt_delay_seconds')).toBeGreaterThanOrEqual(9);
    for (const [status, count] of Object.entries({ succeeded: 4, failed: 4, cancelled: 1 }))
      expect(total(served.worker, 'tidings_deliveries_ended_total', { status })).toBe(count);
    for (const task of ['measure backlog', 'reconcile'])
      expect(total(served.worker, 'tidings_periodic_task_rounds_total', { task, result: 'ok' })).toBeGreaterThanOrEqual(1);
    // The first measurement finds deliveries overdue if the worker took long to start.
    expect(total(served.worker, 'tidings_reconciler_overdue_seconds')).toBe(0);
  }, 60_000);
});
afterAll(() => tidings.stop());

describe.each(['api', 'worker'] as const)('the /metrics page of the %s', (process) => {
  const documented = documentedMetrics();

  test('is what docs/monitoring.md lists, and all of that', () => {
    const names = [...served[process].keys()].filter((name) => name.startsWith('tidings_'));
    expect(names.sort()).toEqual(documented.ours.flatMap(({ name, of }) => (of.includes(process) ? [name] : [])).sort());
    // Some of Node's process metrics exist only on Linux.
    if (globalThis.process.platform === 'linux')
      expect([...served[process].keys()]).toEqual(expect.arrayContaining(documented.nodes));
  });

  test('has the listed labels', () => {
    const labels = Object.fromEntries(
      documented.ours
        .filter(({ of }) => of.includes(process))
        .map(({ name }) => [
          name,
          [...new Set(served[process].get(name)?.flatMap((sample) => Object.keys(sample.labels)))].sort(),
        ]),
    );
    expect(labels).toEqual(
      Object.fromEntries(documented.ours.flatMap((one) => (one.of.includes(process) ? [[one.name, one.labels]] : []))),
    );
  });

  test('names no owner, no webhook and no address', () => {
    const values = [...served[process].values()].flat().flatMap(({ labels }) => Object.values(labels));
    expect(values.filter((value) => /alice|evt_|wh_|dlv_|127\.0\.0\.1/.test(value))).toEqual([]);
  });
});

describe('the metrics', () => {
  test('count accepted, repeated and rejected events', () => {
    const { api, worker } = served;
    expect(total(api, 'tidings_events_accepted_total')).toBe(4);
    expect(total(api, 'tidings_events_repeated_total')).toBe(1);
    expect(total(api, 'tidings_accept_commit_events')).toBe(5);
    for (const reason of ['invalid', 'conflict']) expect(total(api, 'tidings_publish_rejected_total', { reason })).toBe(1);
    expect(total(api, 'tidings_publish_rejected_total', { reason: 'unavailable' })).toBe(0);
    expect(total(api, 'tidings_deliveries_created_total')).toBe(10);
    expect(total(worker, 'tidings_events_accepted_total')).toBe(1);
    expect(total(worker, 'tidings_deliveries_created_total')).toBe(3);
  });

  test('count attempts by outcome, and ended deliveries by status', () => {
    const { worker } = served;
    expect(total(worker, 'tidings_attempts_total', { outcome: 'succeeded', error_class: 'none' })).toBe(4);
    expect(total(worker, 'tidings_attempts_total', { outcome: 'pending', error_class: 'http_status' })).toBe(4);
    expect(total(worker, 'tidings_attempts_total', { outcome: 'failed', error_class: 'http_status' })).toBe(4);
    expect(total(worker, 'tidings_deliveries_ended_total', { status: 'succeeded' })).toBe(4);
    expect(total(worker, 'tidings_deliveries_ended_total', { status: 'cancelled' })).toBe(1);
    // At least the deliveries of the good and the broken webhook, and those already attempted of the silent one.
    expect(total(worker, 'tidings_first_attempt_delay_seconds')).toBeGreaterThanOrEqual(9);
    expect(total(worker, 'tidings_delivery_faults_total')).toBe(0);
  });

  test('have the backlog at the start of the worker', () => {
    const stages = ['admitted', 'backoff', 'parked'].map((stage) =>
      total(served.worker, 'tidings_deliveries_pending', { stage }),
    );
    expect(stages.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(1);
    expect(total(served.worker, 'tidings_webhooks', { state: 'enabled' })).toBe(3);
    expect(total(served.worker, 'tidings_reconciler_overdue_seconds')).toBe(0);
  });

  test('count requests by the pattern of their route', () => {
    const { api } = served;
    expect(total(api, 'tidings_http_requests_total', { method: 'POST', route: '/api/events', status: '202' })).toBe(3);
    expect(total(api, 'tidings_http_requests_total', { method: 'DELETE', route: '/api/webhooks/{id}', status: '204' })).toBe(1);
    expect(total(api, 'tidings_http_requests_total', { method: 'GET', route: 'none', status: '404' })).toBe(1);
    expect(total(api, 'tidings_http_request_duration_seconds', { method: 'POST', route: '/api/webhooks' })).toBe(4);
  });

  test('have the build of each process and the state of its dependencies', () => {
    for (const service of ['api', 'worker'] as const) {
      expect(total(served[service], 'tidings_build_info', { service, node_version: process.versions.node })).toBe(1);
      for (const dependency of ['postgresql', 'redis'])
        expect(total(served[service], 'tidings_dependency_up', { dependency })).toBe(1);
      expect(total(served[service], 'tidings_database_pool_max_connections')).toBe(10);
    }
    expect(
      total(served.worker, 'tidings_periodic_task_rounds_total', { task: 'reconcile', result: 'ok' }),
    ).toBeGreaterThanOrEqual(1);
  });
});
