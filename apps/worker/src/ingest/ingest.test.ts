import { describe, expect, test } from '@jest/globals';
import { ConflictingEventError, fixedEventTypes, inputOf, type Accept } from '@tidings/accept';
import { catalog, type TidingsEvent } from '@tidings/events';
import { createIngest } from './ingest.js';

const eventTypes = fixedEventTypes(catalog.describe().map(inputOf));
const job = {
  id: 'evt_1',
  type: 'sync.completed',
  owner: 'alice',
  timestamp: '2026-11-24T10:00:00.000Z',
  data: '{"user_id":"alice","items_synced":1,"errors":0,"duration_s":1}',
};

/** What the type of the job adds to the event. */
const OF_TYPE = { version: 1, isPreview: false, typeRevision: expect.any(String) as unknown };

/** Ingests one job. Returns the job outcome and the accepted events. */
async function ingest(input: unknown, failure?: Error) {
  const accepted: TidingsEvent[] = [];
  const accept = Object.assign(
    (events: readonly TidingsEvent[]) => {
      accepted.push(...events);
      return failure ? Promise.reject(failure) : Promise.resolve([]);
    },
    { idle: () => Promise.resolve() },
  ) as Accept;
  const lines: unknown[] = [];
  const write = (message: string, details: object) => void lines.push([message, details]);
  const jobOutcome = await createIngest({ accept, eventTypes, log: { error: write, warn: write } })(input, 'event-1');
  return { jobOutcome, accepted, logged: JSON.stringify(lines) };
}

describe('an enqueued event', () => {
  test('is accepted unchanged, with its id and time', async () => {
    const { jobOutcome, accepted } = await ingest(job);
    expect(jobOutcome).toEqual({ action: 'finish' });
    expect(accepted).toEqual([{ ...job, ...OF_TYPE }]);
  });

  test.each(['1.0', '1e2', '9007199254740993', '12345678901234567890'])('keeps the digits of its numbers: %s', async (number) => {
    const data = job.data.replace('"duration_s":1', `"duration_s":${number}`);
    expect((await ingest({ ...job, data })).accepted).toEqual([{ ...job, ...OF_TYPE, data }]);
  });

  test('that is refused says why, and where', async () => {
    const { jobOutcome } = await ingest({ ...job, data: job.data.replace('{', '{"errors":1,') });
    expect(jobOutcome).toEqual({
      action: 'dead_letter',
      reason: 'Nothing was published. data.errors: is in the same object more than once',
    });
  });

  test('belongs to the owner in its data, even when the job names another', async () => {
    const { accepted } = await ingest({ ...job, owner: 'mallory' });
    expect(accepted[0]?.owner).toBe('alice');
  });

  test.each<[string, unknown]>([
    ['a type that is not in the catalog', { ...job, type: 'sync.nothing' }],
    ['data that does not fit its type', { ...job, data: '{"user_id":"alice"}' }],
    ['data that is not JSON', { ...job, data: '{' }],
    ['an invalid id', { ...job, id: 'a b' }],
    ['an id with a dot', { ...job, id: 'a.b' }],
    ['a name twice', { ...job, data: job.data.replace('{', '{"errors":1,') }],
    ['a member __proto__', { ...job, data: job.data.replace('{', '{"__proto__":{},') }],
    ['half of a surrogate pair', { ...job, data: job.data.replace('alice', '\\ud83d') }],
    ['a number that is too large', { ...job, data: job.data.replace('"duration_s":1', '"duration_s":1e400') }],
    ['data that is nested too deeply', { ...job, data: `${'['.repeat(100_000)}${']'.repeat(100_000)}` }],
    ['nothing', undefined],
  ])('with %s is kept as a dead letter, and not accepted', async (_name, input) => {
    const { jobOutcome, accepted } = await ingest(input);
    expect(jobOutcome.action).toBe('dead_letter');
    expect(accepted).toEqual([]);
  });

  test('that is a dead letter is logged by its name, without its payload', async () => {
    const secret = {
      ...job,
      data: job.data.replace('alice', 'card 4111').replace('"items_synced":1', '"items_synced":"card 4222"'),
    };
    const dead = [
      await ingest({ ...secret, type: 'sync.nothing' }),
      await ingest(secret),
      await ingest({ ...secret, note: 'card 4333' }),
      await ingest({ ...secret, data: `${secret.data}, card 4444` }),
      await ingest({ ...job, data: job.data.replace('alice', 'card 4111') }, new ConflictingEventError(['evt_1'])),
    ];
    for (const { jobOutcome, logged } of dead) {
      expect(jobOutcome.action).toBe('dead_letter');
      expect(logged).toContain('"job_id":"event-1","event_id":"evt_1","type":"sync.');
      expect(logged).not.toContain('card');
    }
  });

  test('is logged in bounded length, whatever the names of its fields', async () => {
    const { logged } = await ingest({ ...job, id: 'x'.repeat(100_000), type: 'y'.repeat(100_000) });
    expect(logged.length).toBeLessThan(2000);
    const data = job.data.replace('{', `{"${'z'.repeat(100_000)}":1,`);
    expect((await ingest({ ...job, data })).logged.length).toBeLessThan(2000);
  });

  test('is retried while the database is away', async () => {
    expect((await ingest(job, new Error('database is away'))).jobOutcome).toMatchObject({ action: 'retry' });
  });

  test('with the id of another event is kept as a dead letter', async () => {
    const { jobOutcome } = await ingest(job, new ConflictingEventError(['evt_1']));
    expect(jobOutcome).toEqual({ action: 'dead_letter', reason: new ConflictingEventError(['evt_1']).message });
  });
});
