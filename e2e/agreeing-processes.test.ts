import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCatalog, createPublisher, defineEvent } from '@tidings/events';
import { eventually } from '@tidings/testing';
import { z } from 'zod';
import { startTidings, type Tidings } from './harness/tidings.js';
import { typeBody } from './harness/type-body.js';
import { createUser, type User } from './harness/user.js';

let tidings: Tidings;
/** An operator and publisher at each of the two API processes. */
let apis: [User, User];
beforeAll(async () => {
  tidings = await startTidings({ workers: 2 });
  const other = await tidings.startApi();
  const token = tidings.token('ci', 'event-types:write events:publish');
  apis = [createUser(tidings.url, token), createUser(other.url, token)];
});
afterAll(() => tidings.stop());

const FIELDS = 4;
const names = ['one', 'two'] as const;
const name = fc.constantFrom(...names);
const api = fc.nat(1);
const field = fc.nat(FIELDS - 1);
const put = fc.record({ kind: fc.constant('put' as const), name, api, fields: fc.nat(FIELDS) });
const archive = fc.record({ kind: fc.constant('archive' as const), name, api });
const publish = fc.record({ kind: fc.constant('publish' as const), name, api, field });
const enqueue = fc.record({ kind: fc.constant('enqueue' as const), name, field, events: fc.integer({ min: 1, max: 4 }) });
/** A change while events are published at both APIs, of which each may be decided before or after it. */
const race = fc.record({
  kind: fc.constant('race' as const),
  change: fc.oneof(put, archive),
  events: fc.array(publish, { minLength: 1, maxLength: 6 }),
});
type StepOf<Steps> = Steps extends fc.Arbitrary<infer Step> ? Step : never;
type Change = StepOf<typeof put> | StepOf<typeof archive>;

/** What every process must know of a type: a type never loses a field, and is refused while it is archived. */
type Model = Map<string, { fields: number; isArchived: boolean }>;

const fieldNames = (count: number) => Array.from({ length: count }, (_, index) => `y${String(index)}`);
const dataOf = (index: number) => ({ x: 1, [`y${String(index)}`]: 1 });

/** The number of this run: its types and events are new. */
let run = 0;
let events = 0;
const typeOf = (short: string) => `run_${String(run)}.${short}`;
const nextId = () => `run-${String(run)}-${String((events += 1))}`;

async function change(model: Model, step: Change): Promise<void> {
  const known = model.get(step.name);
  const caller = apis[step.api as 0 | 1];
  const url = `/api/event-types/${typeOf(step.name)}`;
  if (step.kind === 'archive') {
    expect((await caller.call('DELETE', url)).status).toBe(known === undefined ? 404 : 204);
    if (known) model.set(step.name, { ...known, isArchived: true });
    return;
  }
  const body = typeBody(['x', ...fieldNames(step.fields)], { required: ['x'] });
  const { status } = await caller.call('PUT', url, body);
  if (known && step.fields < known.fields) {
    expect(status).toBe(409);
    return;
  }
  expect(status).toBe(known === undefined ? 201 : 200);
  model.set(step.name, { fields: step.fields, isArchived: false });
}

const isValid = (model: Model, step: { name: string; field: number }): boolean => {
  const known = model.get(step.name);
  return known !== undefined && !known.isArchived && step.field < known.fields;
};

/** Publishes an event over HTTP and returns whether it was accepted. */
async function post(step: { name: string; api: number; field: number }, id = nextId()): Promise<boolean> {
  const event = { type: typeOf(step.name), id, data: dataOf(step.field) };
  const { status, body } = await apis[step.api as 0 | 1].call('POST', '/api/events', event);
  if (status !== 202 && status !== 400) throw new Error(`${id} was answered with ${String(status)}: ${JSON.stringify(body)}`);
  return status === 202;
}

/** Publishes events over the queue, and returns once each is in the log or is a dead letter: which of both. */
async function enqueueAndWait(step: { name: string; field: number; events: number }): Promise<boolean[]> {
  // A service whose code knows the type, whatever the registry says.
  const definitions = names.map((short) =>
    defineEvent({ type: typeOf(short), audience: 'everyone', description: '', schema: z.looseObject({}), example: {} }),
  );
  const { url, prefix } = tidings.redis;
  const publisher = createPublisher({ redis: url, prefix, catalog: createCatalog(definitions) });
  const ids = Array.from({ length: step.events }, nextId);
  await publisher.publish(ids.map((id) => ({ type: typeOf(step.name), id, data: dataOf(step.field) })));
  await publisher.close();
  return Promise.all(
    ids.map((id) =>
      eventually(async () => {
        const { status } = await apis[0].call('GET', `/api/events/${id}`);
        const isDead = tidings.workers.some((worker) => worker.output().includes(`"event_id":"${id}"`));
        expect([id, status === 200 || isDead]).toEqual([id, true]);
        return status === 200;
      }),
    ),
  );
}

test('two API processes and two workers never disagree with an answered change, whatever was pushed, archived and published before', async () => {
  const step = fc.oneof(put, archive, publish, enqueue, race);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      run += 1;
      const model: Model = new Map();
      for (const one of steps) {
        if (one.kind === 'put' || one.kind === 'archive') await change(model, one);
        else if (one.kind === 'publish')
          expect({ one, isAccepted: await post(one) }).toEqual({ one, isAccepted: isValid(model, one) });
        else if (one.kind === 'enqueue') {
          const accepted = await enqueueAndWait(one);
          expect({ one, accepted }).toEqual({ one, accepted: accepted.map(() => isValid(model, one)) });
        } else {
          const before = structuredClone(model);
          const posted = Promise.all(one.events.map(async (event) => ({ event, isAccepted: await post(event) })));
          await change(model, one.change);
          for (const { event, isAccepted } of await posted) {
            expect({ event, allowed: [isValid(before, event), isValid(model, event)] }).toEqual({
              event,
              allowed: expect.arrayContaining([isAccepted]),
            });
          }
        }
      }
    }),
    { numRuns: 25 },
  );
});
