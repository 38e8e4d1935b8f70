import { describe, expect, test } from '@jest/globals';
import { explainFailure } from './explain-failure.js';
import { findFailure, markAsDatabaseError, originalMessage } from './failure.js';
import { unusableBecauseOf } from './unusable-database.js';

const withCode = (code: string, message = 'it fails') => Object.assign(new Error(message), { code });
/** An error of the pool's connections. */
const marked = (error: Error) => {
  markAsDatabaseError(error);
  return error;
};
/** An error of Prisma around one of its driver adapter. */
const ofPrisma = (code: string, cause: object) =>
  Object.assign(new Error(`Invalid invocation ${code}`), {
    code,
    meta: { driverAdapterError: Object.assign(new Error('x'), { name: 'DriverAdapterError', cause }) },
  });

describe('a failure of the database is found', () => {
  test.each([
    ['28P01', 'login'],
    ['28000', 'login'],
    ['3D000', 'database_missing'],
    ['53300', 'connections_exhausted'],
    ['53100', 'resources_exhausted'],
    ['53200', 'resources_exhausted'],
    ['53400', 'resources_exhausted'],
    ['58030', 'resources_exhausted'],
    ['57P01', 'starting_or_stopping'],
    ['57P02', 'starting_or_stopping'],
    ['57P03', 'starting_or_stopping'],
    ['57P05', 'starting_or_stopping'],
    ['25006', 'read_only'],
    ['42P01', 'unmigrated'],
    ['42703', 'unmigrated'],
    ['42883', 'unmigrated'],
    ['3F000', 'unmigrated'],
    ['42501', 'rights'],
    ['55P03', 'busy'],
    ['57014', 'busy'],
    ['40001', 'busy'],
    ['40P01', 'busy'],
    ['25P03', 'busy'],
    ['08000', 'unreachable'],
    ['08006', 'unreachable'],
    ['08P01', 'unreachable'],
  ])('by the SQLSTATE %s: %s', (code, kind) => {
    expect(findFailure(withCode(code))).toMatchObject({ kind, code });
    // Prisma has one code for many SQLSTATEs: of a raw query, and of its own queries.
    for (const wrapper of ['P2010', 'P2039']) {
      expect(findFailure(ofPrisma(wrapper, { kind: 'postgres', originalCode: code }))).toMatchObject({ kind, code });
    }
    expect(findFailure(new Error('A task failed.', { cause: withCode(code) }))).toMatchObject({ kind, code });
  });

  test.each([
    ['P1000', 'login'],
    ['P1001', 'unreachable'],
    ['P1003', 'database_missing'],
    ['P1008', 'unreachable'],
    ['P1010', 'login'],
    ['P1011', 'tls'],
    ['P1017', 'unreachable'],
    ['P2021', 'unmigrated'],
    ['P2022', 'unmigrated'],
    ['P2024', 'pool_exhausted'],
    ['P2028', 'busy'],
    ['P2034', 'busy'],
    ['P2037', 'connections_exhausted'],
  ])("by Prisma's code %s: %s", (code, kind) => {
    expect(findFailure(withCode(code))).toMatchObject({ kind });
  });

  test.each([
    ['DatabaseNotReachable', 'unreachable'],
    ['ConnectionClosed', 'unreachable'],
    ['SocketTimeout', 'unreachable'],
    ['TlsConnectionError', 'tls'],
    ['TooManyConnections', 'connections_exhausted'],
    ['TransactionWriteConflict', 'busy'],
  ])("by the kind %s of Prisma's driver adapter: %s", (kindOfAdapter, kind) => {
    expect(findFailure(ofPrisma('P2036', { kind: kindOfAdapter }))).toMatchObject({ kind });
  });

  test.each([
    ['Client has encountered a connection error and is not queryable', 'unreachable'],
    ['Connection terminated unexpectedly', 'unreachable'],
    ['Connection terminated due to connection timeout', 'unreachable'],
    ['Query read timeout', 'unreachable'],
    ['timeout exceeded when trying to connect', 'pool_exhausted'],
    ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string', 'login'],
    ['The server does not support SSL connections', 'tls'],
  ])('by the message of pg "%s": %s', (message, kind) => {
    expect(findFailure(new Error(message))).toMatchObject({ kind, code: null });
  });

  test('by the code of a socket, of a connection to PostgreSQL only', () => {
    const refused = () => withCode('ECONNREFUSED');
    expect(findFailure(refused())).toBeNull();
    expect(findFailure(marked(refused()))).toMatchObject({ kind: 'unreachable', code: 'ECONNREFUSED' });
    expect(findFailure(marked(new AggregateError([refused(), refused()])))).toMatchObject({ kind: 'unreachable' });
    expect(findFailure(marked(withCode('DEPTH_ZERO_SELF_SIGNED_CERT')))).toMatchObject({ kind: 'tls' });
  });

  test('when the log has no partition for the present time, which has the code of a violated constraint', () => {
    const missing = withCode('23514', 'no partition of relation "events" found for row');
    expect(findFailure(missing)).toMatchObject({ kind: 'partition_missing', code: '23514' });
  });
});

test.each([
  ['a violated constraint', withCode('23514', 'new row violates check constraint')],
  ['a value that is taken', withCode('23505')],
  ['a syntax error', withCode('42601')],
  ["Prisma's code of a row that is missing", withCode('P2025')],
  ['an error of the code', new TypeError('undefined is not a function')],
  ['an error of Redis', withCode('EPIPE')],
  ['no error', undefined],
])('%s is no failure of the database', (_what, error) => {
  expect(findFailure(error)).toBeNull();
  expect(explainFailure(error)).toBeNull();
});

test('the words of a failure name no host, user or database; the original message does, for operators', () => {
  const error = withCode('28P01', 'password authentication failed for user "tidings_of_acme"');
  expect(JSON.stringify(findFailure(error))).not.toContain('acme');
  expect(unusableBecauseOf(error).message).not.toContain('acme');
  expect(explainFailure(error)?.details).toMatchObject({ code: '28P01', postgresql: error.message });
  const ofAdapter = ofPrisma('P2010', {
    kind: 'postgres',
    originalCode: '42501',
    originalMessage: 'permission denied for table x',
  });
  expect(originalMessage(ofAdapter)).toBe('permission denied for table x');
});
