import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort, startProcess, startTidings, temporaryFolder, type LocalProcess, type Tidings } from '@tidings/local';
import { createTestDatabase, createTestRedis, eventually, type TestDatabase, type TestRedis } from '@tidings/testing';
import { createSecret, secretKey } from '@tidings/secrets';
import { sign } from '@tidings/signing';
import { commandsIn, pages, ROOT } from './fences.js';
import { runBlocks } from './shell.js';

const random = () => randomBytes(32).toString('base64');
/** One Tidings, which the commands of all pages and the receivers of all languages are run with. */
const KEYS = { JWT_SECRET: random(), SECRETS_KEYS: `first:${random()}` };
const EXAMPLES = join(ROOT, 'docs/examples');

let database: TestDatabase;
let redis: TestRedis;
let tidings: Tidings;
let output = '';
/** What the pages' webhooks lead to. */
let receiver: { url: string; close: () => void };
const { folder, remove } = temporaryFolder();
beforeAll(async () => {
  database = await createTestDatabase();
  redis = createTestRedis();
  const server = createServer((_request, response) => response.writeHead(204).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  receiver = { url: `http://127.0.0.1:${String(port)}/hook`, close: () => server.close() };
  tidings = await startTidings({
    databaseUrl: database.url,
    redisUrl: redis.url,
    prefix: redis.prefix,
    keys: KEYS,
    env: { DELIVERY_INITIAL_DELAY_MS: '100', WEBHOOKS_PER_OWNER: '100' },
    onOutput: (text) => (output += text),
  }).catch((error: unknown) => {
    throw new Error(output, { cause: error });
  });
}, 60_000);
afterAll(async () => {
  // When it did not start, what it needs goes all the same.
  await (tidings as Tidings | undefined)?.stop();
  receiver.close();
  await redis.drop();
  await database.drop();
  remove();
});

async function call<Body>(method: string, path: string, body?: object): Promise<Body> {
  const response = await fetch(tidings.url + path, {
    method,
    headers: { authorization: `Bearer ${tidings.token('alice', 'events:publish')}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as Body;
}
/** Publishes one event, and answers with the id of its delivery to the webhook once it has arrived. */
async function deliverOne(webhookId: string): Promise<string> {
  await publish();
  return eventually(async () => {
    const { data } = await call<{ data: { id: string; status: string }[] }>('GET', `/api/webhooks/${webhookId}/deliveries`);
    expect(data[0]).toMatchObject({ status: 'succeeded' });
    return String(data[0]?.id);
  });
}
const register = (url: string) => call<{ id: string; secret: string }>('POST', '/api/webhooks', { url });
const publish = () =>
  call<{ id: string }>('POST', '/api/events', { type: 'sync.failed', data: { user_id: 'alice', error_message: 'ä🎵' } });

describe('every command of', () => {
  test.each(pages())(
    '%s does what it says, or is marked with why it is not tried',
    async (page) => {
      const blocks = commandsIn(page);
      for (const { info, line } of blocks) expect(`${String(line)} ${info}`).toMatch(/^\d+ (no-test: \w.{5,}|answers: \d{3})?$/);
      const tried = blocks.filter(({ info }) => !info.startsWith('no-test:'));
      if (tried.length === 0) return;
      const auth = `Authorization: Bearer ${tidings.token('alice', 'events:publish')}`;
      const { id } = await register(receiver.url);
      const delivery = await deliverOne(id);
      await runBlocks({
        blocks: tried,
        replacements: {
          'http://127.0.0.1:3000': tidings.url,
          'Authorization: Bearer eyJhbGciOiJIUzI1NiIs…': auth,
          'wh_…': id,
          'dlv_…': delivery,
          '<token or jti>': tidings.token('nobody'),
          'REDIS_URL=redis://redis:6379': `REDIS_URL=${redis.url}`,
        },
        env: {
          ...process.env,
          ...KEYS,
          AUTH: auth,
          DATABASE_URL: database.url,
          REDIS_URL: redis.url,
          REDIS_PREFIX: redis.prefix,
          // What is packed does not stay.
          npm_config_pack_destination: folder,
        },
      });
    },
    60_000,
  );

  test('a page that fails is told of: a request that is refused, a command that fails, a stream that is none', async () => {
    const run = (code: string, info = '') =>
      runBlocks({
        blocks: [{ page: 'a page', line: 1, language: 'sh', info, code }],
        replacements: {},
        env: { ...process.env, URL: tidings.url },
      });
    await run('curl -s "$URL/healthz"');
    await run('curl -s "$URL/api/webhooks"', 'answers: 401');
    await expect(run('curl -s "$URL/api/webhooks"')).rejects.toThrow('exit code 22');
    await expect(run('curl -s "$URL/healthz"', 'answers: 401')).rejects.toThrow('a page');
    await expect(run('curl -s "$URL/api/events/stream"')).rejects.toThrow('a page');
    await expect(run('false\ntrue')).rejects.toThrow('@@ line 1');
  }, 20_000);
});

/** A receiver of docs/examples that listens: what starts it, and a program that has to be there. */
const RECEIVERS: [file: string, program: string, ...args: string[]][] = [
  ['receiver-express.mjs', process.execPath],
  ['receiver.mjs', process.execPath],
  ['receiver.py', 'python3'],
  ['receiver.php', 'php', '-S'],
  ['receiver.go', 'go', 'run'],
];
const has = (program: string) => spawnSync(program, [['go', 'openssl'].includes(program) ? 'version' : '--version']).status === 0;
/** Visibly skipped where the language is not on this machine, in CI as well: it is nothing that Tidings needs. */
const testWith = (program: string) => (has(program) ? test : test.skip);

describe('the receiver', () => {
  let started: LocalProcess | undefined;
  afterEach(async () => started?.stop());

  for (const [file, program, ...args] of RECEIVERS) {
    testWith(program)(
      `${file} takes what Tidings sends, and refuses what is forged, old or changed`,
      async () => {
        const port = await freePort();
        const url = `http://127.0.0.1:${String(port)}/hook`;
        const { id, secret } = await register(url);
        const where = args[0] === '-S' ? [`127.0.0.1:${String(port)}`] : [];
        started = startProcess(program, [...args, ...where, join(EXAMPLES, file)], {
          env: { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret },
          stopSignal: 'SIGKILL',
        });
        await eventually(async () => {
          await fetch(url, { method: 'POST', body: '{}' });
        }, 60_000);
        await publish();
        await eventually(async () => {
          const { data } = await call<{ data: { status: string }[] }>('GET', `/api/webhooks/${id}/deliveries`);
          expect(data).toMatchObject([{ status: 'succeeded', attempt_count: 1 }]);
        });

        const statusOf = async ({ body, headers }: Signed) =>
          (await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body })).status;
        expect(await statusOf(signed({ secret }))).toBe(204);
        const sent = spawnSync('bash', [join(EXAMPLES, 'send.sh'), url], { env: { ...process.env, WEBHOOK_SECRET: secret } });
        expect(String(sent.stderr) + String(sent.stdout)).toBe('204\n');
        for (const forged of forgeries(secret)) expect([forged.what, await statusOf(forged)]).toEqual([forged.what, 400]);
      },
      90_000,
    );
  }

  testWith('ruby')(
    'receiver.rb takes what Tidings signs, and refuses what is forged, old or changed',
    () => {
      const main = `
      load ARGV[0]
      names = %w[HTTP_WEBHOOK_ID HTTP_WEBHOOK_TIMESTAMP HTTP_WEBHOOK_SIGNATURE]
      status, = Receiver.call(names.zip(ARGV[1..3]).to_h.merge('rack.input' => $stdin))
      exit(status == 204)`;
      judgeWith((secret, { headers, body }) => {
        const given = [headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature']];
        const args = ['-e', main, join(EXAMPLES, 'receiver.rb'), ...given];
        return spawnSync('ruby', args, { input: body, env: { ...process.env, WEBHOOK_SECRET: secret } }).status;
      });
    },
    20_000,
  );

  testWith('openssl')(
    'verify.sh finds what Tidings signs right, and nothing that is forged, old or changed',
    () => {
      judgeWith((secret, { headers, body }) => {
        const file = join(folder, 'body.json');
        writeFileSync(file, body);
        const given = [headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature'], file];
        return spawnSync('bash', [join(EXAMPLES, 'verify.sh'), ...given], { env: { ...process.env, WEBHOOK_SECRET: secret } })
          .status;
      });
    },
    20_000,
  );
});

interface Signed {
  body: string;
  headers: { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string };
}

/** A request as a worker signs it, or with something else about it. */
function signed({ secret, others = [], ageS = 0 }: { secret: string; others?: string[]; ageS?: number }): Signed {
  const [id, timestamp] = ['evt_1', Math.floor(Date.now() / 1000) - ageS];
  const body = '{"type":"sync.failed","timestamp":"2026-11-24T10:00:00.000Z","data":{"user_id":"alice","error_message":"ä🎵"}}';
  const signature = sign({ id, timestamp, body, keys: [...others, secret].map(secretKey) });
  return { body, headers: { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature } };
}

function forgeries(secret: string): (Signed & { what: string })[] {
  const genuine = signed({ secret });
  return [
    { what: 'the secret of another', ...signed({ secret: createSecret() }) },
    { what: 'six minutes old', ...signed({ secret, ageS: 360 }) },
    { what: 'six minutes early', ...signed({ secret, ageS: -360 }) },
    { what: 'another body', ...genuine, body: genuine.body.replace('alice', 'mallory') },
    { what: 'another id', ...genuine, headers: { ...genuine.headers, 'webhook-id': 'evt_2' } },
    { what: 'no signature', ...genuine, headers: { ...genuine.headers, 'webhook-signature': '' } },
  ];
}

/** @param run resolves with 0 for what is found genuine */
function judgeWith(run: (secret: string, request: Signed) => number | null): void {
  const secret = createSecret();
  expect(run(secret, signed({ secret }))).toBe(0);
  expect(run(secret, signed({ secret, others: [createSecret()] }))).toBe(0);
  for (const forged of forgeries(secret)) expect([forged.what, run(secret, forged)]).toEqual([forged.what, 1]);
}
