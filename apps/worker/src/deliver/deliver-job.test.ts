import { describe, expect, test } from '@jest/globals';
import { createDeliverJob } from './deliver-job.js';

const ID = 'dlv_01a20f72-bf62-73aa-bf71-cc66b4490a07';

/** Processes one job. Returns its outcome, the deliveries that were to be claimed, and the log. */
async function process(job: unknown) {
  const claimed: string[] = [];
  const logged: object[] = [];
  const deliverJob = createDeliverJob({
    deliver: (id) => {
      claimed.push(id);
      return Promise.resolve({ action: 'retry', reason: '500' });
    },
    log: { error: (_message, details) => void logged.push(details) },
  });
  return { jobOutcome: await deliverJob(job, 'job-1'), claimed, logged };
}

describe('a job of the queue "deliveries"', () => {
  test('has the outcome of its delivery', async () => {
    expect(await process({ id: ID })).toEqual({
      jobOutcome: { action: 'retry', reason: '500' },
      claimed: [ID],
      logged: [],
    });
  });

  test.each<[string, unknown]>([
    ['an id with a NUL', { id: `${ID}\0` }],
    ['an id that is no delivery id', { id: 'dlv_1' }],
    ['a list of ids', { id: [ID] }],
    ['an id that is an object', { id: { id: ID } }],
    ['no id', {}],
    ['no data', null],
    ['a text as its data', ID],
  ])('with %s is dropped with a log line, and claims nothing', async (_name, job) => {
    expect(await process(job)).toEqual({
      jobOutcome: { action: 'finish' },
      claimed: [],
      logged: [{ job_id: 'job-1' }],
    });
  });
});
