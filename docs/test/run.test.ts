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
/** The keys of the Tidings that all tests of this file use. */
const KEYS = { JWT_SECRET: random(), SECRETS_KEYS: `first:${random()}` };
const EXAMPLES = join(ROOT, 'docs/examples');

let database: TestDatabase;
let redis: TestRedis;
let tidings: Tidings;
let output = '';
/** The receiver of the pages' webhooks. */
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
});
afterAll(async () => {
  // The cleanup also runs when Tidings did not start.
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
/** Publishes an event, and returns the id of its delivery to the webhook once it has succeeded. */
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
    '%s succeeds, or is marked with a reason not to run it',
    async (page) => {
      const blocks = commandsIn(page);
      for (const { info, line } of blocks) expect(`${String(line)} ${info}`).toMatch(/^\d+ (no-test: \w.{5,}|answers: \d{3})?$/);
      const tested = blocks.filter(({ info }) => !info.startsWith('no-test:'));
      if (tested.length === 0) return;
      const auth = `Authorization: Bearer ${tidings.token('alice', 'events:publish event-types:write')}`;
      const { id } = await register(receiver.url);
      const delivery = await deliverOne(id);
      await runBlocks({
        blocks: tested,
        replacements: {
          'http://127.0.0.1:3000': tidings.url,
          'Authorization: Bearer eyJhbGciOiJIUzI1NiIs…': auth,
          'wh_…': id,
          'dlv_…': delivery,
        },
        env: {
          ...process.env,
          ...KEYS,
          AUTH: auth,
          DATABASE_URL: database.url,
          REDIS_URL: redis.url,
          REDIS_PREFIX: redis.prefix,
          // `npm pack` writes into a folder that the tests delete.
          npm_config_pack_destination: folder,
        },
      });
    },
    // The page of the CLI starts the command thirty times.
    300_000,
  );

  test('a page fails for a refused request, a failed command and a stream that is not one', async () => {
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
  });
});

/** The receivers of docs/examples that listen on a port, and the programs that run them. */
const RECEIVERS: [file: string, program: string, ...args: string[]][] = [
  ['receiver-express.mjs', process.execPath],
  ['receiver.mjs', process.execPath],
  ['receiver.py', 'python3'],
  ['receiver.php', 'php', '-S'],
  ['receiver.go', 'go', 'run'],
];
const isInstalled = (program: string) =>
  spawnSync(program, [['go', 'openssl'].includes(program) ? 'version' : '--version']).status === 0;
/** `test`, or `test.skip` when the program is not installed, also in CI: Tidings itself does not need these languages. */
const testWith = (program: string) => (isInstalled(program) ? test : test.skip);

describe('the receiver', () => {
  let started: LocalProcess | undefined;
  afterEach(async () => started?.stop());

  for (const [file, program, ...args] of RECEIVERS) {
    testWith(program)(`${file} accepts requests of Tidings, and refuses forged, old and changed ones`, async () => {
      const port = await freePort();
      const url = `http://127.0.0.1:${String(port)}/hook`;
      const { id, secret } = await register(url);
      const address = args[0] === '-S' ? [`127.0.0.1:${String(port)}`] : [];
      started = startProcess(program, [...args, ...address, join(EXAMPLES, file)], {
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
      for (const forged of forgeries(secret)) expect([forged.name, await statusOf(forged)]).toEqual([forged.name, 400]);
    });
  }

  testWith('ruby')('receiver.rb accepts requests of Tidings, and refuses forged, old and changed ones', () => {
    const main = `
      load ARGV[0]
      names = %w[HTTP_WEBHOOK_ID HTTP_WEBHOOK_TIMESTAMP HTTP_WEBHOOK_SIGNATURE]
      status, = Receiver.call(names.zip(ARGV[1..3]).to_h.merge('rack.input' => $stdin))
      exit(status == 204)`;
    expectVerifies((secret, { headers, body }) => {
      const fields = [headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature']];
      const args = ['-e', main, join(EXAMPLES, 'receiver.rb'), ...fields];
      return spawnSync('ruby', args, { input: body, env: { ...process.env, WEBHOOK_SECRET: secret } }).status;
    });
  });

  testWith('openssl')('verify.sh accepts requests of Tidings, and refuses forged, old and changed ones', () => {
    expectVerifies((secret, { headers, body }) => {
      const file = join(folder, 'body.json');
      writeFileSync(file, body);
      const fields = [headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature'], file];
      return spawnSync('bash', [join(EXAMPLES, 'verify.sh'), ...fields], { env: { ...process.env, WEBHOOK_SECRET: secret } })
        .status;
    });
  });
});

describe('the program that defines an event type and publishes', () => {
  const PROGRAMS: [file: string, program: string, type: string][] = [
    ['define-and-publish.sh', 'bash', 'parcel.scanned'],
    ['define_and_publish.py', 'python3', 'invoice.paid'],
  ];
  for (const [file, program, type] of PROGRAMS) {
    testWith(program)(`${file} does so, and again at its next start`, async () => {
      const token = tidings.token('alice', 'events:publish event-types:write');
      const env = { ...process.env, TIDINGS_URL: tidings.url, TIDINGS_TOKEN: token };
      for (const count of [1, 2]) {
        // The receiver is in this process, which must not wait for the program.
        const started = startProcess(program, [join(EXAMPLES, file), 'alice', receiver.url], { env });
        expect([await started.ended, started.output()]).toEqual([0, expect.stringContaining('accepted')]);
        await eventually(async () => {
          const { data: webhooks } = await call<{ data: { id: string; event_types: string[] }[] }>(
            'GET',
            '/api/webhooks?limit=100',
          );
          const own = webhooks.filter(({ event_types: patterns }) => patterns[0] === `${type.split('.')[0] ?? ''}.*`);
          expect(own).toHaveLength(1);
          const { data } = await call<{ data: object[] }>('GET', `/api/webhooks/${own[0]?.id ?? ''}/deliveries`);
          expect(data).toHaveLength(count);
          for (const one of data) expect(one).toMatchObject({ event_type: type, status: 'succeeded' });
        });
      }
    });
  }
});

interface Signed {
  body: string;
  headers: { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string };
}

/**
 * Signs a request like a worker.
 *
 * @param others further secrets that sign it before `secret`, as after a rotation
 * @param ageS the age of its timestamp, in seconds
 */
function signed({ secret, others = [], ageS = 0 }: { secret: string; others?: string[]; ageS?: number }): Signed {
  const [id, timestamp] = ['evt_1', Math.floor(Date.now() / 1000) - ageS];
  const body = '{"type":"sync.failed","timestamp":"2026-11-24T10:00:00.000Z","data":{"user_id":"alice","error_message":"ä🎵"}}';
  const signature = sign({ id, timestamp, body, keys: [...others, secret].map(secretKey) });
  return { body, headers: { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature } };
}

function forgeries(secret: string): (Signed & { name: string })[] {
  const genuine = signed({ secret });
  return [
    { name: 'the secret of another webhook', ...signed({ secret: createSecret() }) },
    { name: 'six minutes old', ...signed({ secret, ageS: 360 }) },
    { name: 'six minutes early', ...signed({ secret, ageS: -360 }) },
    { name: 'another body', ...genuine, body: genuine.body.replace('alice', 'mallory') },
    { name: 'another id', ...genuine, headers: { ...genuine.headers, 'webhook-id': 'evt_2' } },
    { name: 'no signature', ...genuine, headers: { ...genuine.headers, 'webhook-signature': '' } },
  ];
}

/**
 * Checks a verifier with genuine and forged requests.
 *
 * @param run returns 0 for a request that it accepts, and 1 for one that it refuses
 */
function expectVerifies(run: (secret: string, request: Signed) => number | null): void {
  const secret = createSecret();
  expect(run(secret, signed({ secret }))).toBe(0);
  expect(run(secret, signed({ secret, others: [createSecret()] }))).toBe(0);
  for (const forged of forgeries(secret)) expect([forged.name, run(secret, forged)]).toEqual([forged.name, 1]);
}
