/** A reason why Redis cannot be used, in words that name no host, user or key. */
export interface RedisProblem {
  /** What is wrong: `Redis is a replica, which refuses writes`. */
  words: string;
  /** What to do. */
  advice: string;
}

const REACH = 'Check REDIS_URL, whether Redis runs, and the network from here to it.';
const RIGHTS = 'Give the user the rights that docs/deploying.md lists.';

/** What Redis, a Sentinel or TLS says, and what it means. The first that matches counts. */
const PROBLEMS: readonly (readonly [said: RegExp, words: string, advice: string])[] = [
  [
    /\bNOAUTH|HELLO must be called with the client already authenticated/,
    'Redis wants a password (NOAUTH)',
    'Add the user and the password to REDIS_URL: redis://user:password@host:6379.',
  ],
  [
    /\bWRONGPASS|invalid password|AUTH failed/i,
    'Redis refuses the user or the password (WRONGPASS)',
    'Check the user and the password of REDIS_URL; characters such as "%", "/" and "#" must be percent-encoded.',
  ],
  [/NOPERM.*channel/is, 'the Redis user lacks the right to a channel (NOPERM)', RIGHTS],
  [/NOPERM.*key|can't access at least one of the keys/is, 'the Redis user lacks the right to a key (NOPERM)', RIGHTS],
  [/NOPERM|can't run this command/i, 'the Redis user lacks the right to a command (NOPERM)', RIGHTS],
  [
    /READONLY|UNBLOCKED/,
    'Redis is a replica, which refuses writes (READONLY)',
    'Set REDIS_URL to an address that leads to the master, also after a failover, or to the Sentinels.',
  ],
  [/\bOOM\b/, 'the memory of Redis is full (OOM)', 'Raise maxmemory, or remove what else is in this Redis.'],
  [/\bMISCONF|\bNOREPLICAS/, 'Redis refuses writes, since it cannot keep them (MISCONF)', 'Check the disk and the log of Redis.'],
  [/\bLOADING\b/, 'Redis still loads its data (LOADING)', 'Wait until it has.'],
  [/CLUSTERDOWN|Failed to refresh slots cache/, 'the Redis Cluster is down (CLUSTERDOWN)', 'Check the nodes of the cluster.'],
  [
    /DB index is out of range|SELECT is not allowed/,
    'Redis has no database of this number',
    'Change the number at the end of REDIS_URL.',
  ],
  [/unknown command/, 'this Redis does not know a command that Tidings needs', 'Use Redis 6.2 or newer, or Valkey.'],
  [/max number of clients/, 'Redis takes no more connections (maxclients)', 'Raise maxclients, or start fewer processes.'],
  [
    /No such master|invalid reply: null/,
    'the Sentinels do not know a master of this name',
    'Write the name of "sentinel monitor" behind the hosts of REDIS_URL: redis+sentinel://host:26379/mymaster.',
  ],
  [
    /wrong version number|packet length too long/i,
    'Redis does not speak TLS at this address',
    'Use redis: instead of rediss:, or the port with TLS.',
  ],
  [
    /self[- ]signed|unable to verify|unable to get (local )?issuer|certificate|altnames/i,
    'the TLS certificate of Redis is not accepted',
    'Let Node trust its authority (NODE_EXTRA_CA_CERTS), and check the name in the certificate.',
  ],
];
const MISSING_RIGHT = /NOPERM|can't run this command|can't access at least one of the keys/i;
const UNREACHABLE: RedisProblem = { words: 'Redis cannot be reached', advice: REACH };

/** What ioredis throws while it has no connection, or its connection does not answer. */
const LOST =
  /Stream isn't writeable|Connection is closed|Command timed out|Socket timeout|max retries per request|Command aborted due to connection close|Redis cannot be reached|All sentinels are unreachable|Connection is in (?:closing|monitoring)|Cluster isn't ready|None of startup nodes|connect ETIMEDOUT/i;
const REPLY = /^[A-Z][A-Z_]+ |^ERR /;

/** Says what is wrong with Redis when a command or a connection failed with this error. */
export function problemOf(error: unknown): RedisProblem {
  const text = textOf(error);
  const [, words, advice] = PROBLEMS.find(([said]) => said.test(text)) ?? [];
  return words === undefined || advice === undefined ? UNREACHABLE : { words, advice };
}

/**
 * Returns whether an error comes from Redis, and means that Redis cannot be used: so will the next command. Errors of one command
 * alone, such as a wrong argument, are not among them.
 */
export function isRedisProblem(error: unknown): boolean {
  if (error instanceof RedisError) return true;
  if (!(error instanceof Error)) return false;
  if (error.name === 'ReplyError' || REPLY.test(error.message)) return problemOf(error) !== UNREACHABLE;
  return LOST.test(error.message) || LOST.test(error.name) || error.name === 'MaxRetriesPerRequestError';
}

/**
 * Explains the error of a log line: null when it is no problem of Redis. Warnings about one problem have the same topic, whatever
 * failed because of it; the error stays, since it names the host or the missing right.
 */
export function explainRedisProblem(error: unknown): { topic: string; details: { error: unknown } } | null {
  return isRedisProblem(error) ? { topic: problemOf(error).words, details: { error } } : null;
}

/** Returns whether the user of the connection lacks a right: to a command, a key or a channel. */
export function isMissingRight(error: unknown): boolean {
  return error instanceof Error && MISSING_RIGHT.test(textOf(error));
}

/** Redis cannot be used. The message is for the log, `readiness` for everybody: it names no host, user or key. */
export class RedisError extends Error {
  /** The state of Redis for `/readyz`. */
  readonly readiness: string;

  /** @param words what is wrong; default: what `cause` means */
  constructor(cause: unknown, words = problemOf(cause).words) {
    super(`${words}: ${textOf(cause)}`, { cause });
    this.name = 'RedisError';
    this.readiness = words === UNREACHABLE.words ? 'unreachable' : words;
  }
}

/** The text of an error and of what it was caused by: ioredis wraps the answer of a Sentinel or of a cluster's node. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const inner =
    cause ??
    (error as { lastNodeError?: unknown }).lastNodeError ??
    (error as { previousErrors?: unknown[] }).previousErrors?.at(-1);
  return inner === undefined ? error.message : `${error.message}: ${textOf(inner)}`;
}
