import { EVENT_ID, MAX_VERSION, OWNER_ID } from '@tidings/events';
import type { TestedType, TestJob } from '@tidings/queue';

type Unknown<Fields> = Partial<Record<keyof Fields, unknown>>;

/** Returns whether a job has the fields of a test. Anyone who reaches Redis can write jobs, and PostgreSQL refuses a text with a NUL. */
export function isTestJob(job: unknown): job is TestJob {
  if (typeof job !== 'object' || job === null) return false;
  const { webhookId, owner, eventId, tested } = job as Unknown<TestJob>;
  const isId = (value: unknown): boolean => typeof value === 'string' && EVENT_ID.test(value);
  return (
    isId(webhookId) &&
    isId(eventId) &&
    typeof owner === 'string' &&
    OWNER_ID.test(owner) &&
    (tested === undefined || isTestedType(tested))
  );
}

const TYPE = /^[a-z][a-z0-9_.]{0,99}$/;

function isTestedType(tested: unknown): tested is TestedType {
  if (typeof tested !== 'object' || tested === null) return false;
  const { type, version } = tested as Unknown<TestedType>;
  return (
    typeof type === 'string' &&
    TYPE.test(type) &&
    typeof version === 'number' &&
    Number.isInteger(version) &&
    version >= 1 &&
    version <= MAX_VERSION
  );
}
