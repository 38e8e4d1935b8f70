// npm run clients -- [name …]: generates a client from /openapi.json with each generator of e2e/clients, and registers a webhook,
// publishes and lists with it against an installation of its own; `schemathesis` tests the API by the document. They come from
// PyPI, the Go module proxy and Maven Central, so a scheduled workflow runs this, and not `npm test`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, prepareRedis, ROOT } from './prepare.mjs';

const CLIENTS = join(ROOT, 'e2e/clients');
const all = readdirSync(CLIENTS);
const names = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = names.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`There is no client "${unknown.join('", "')}". There are ${all.join(', ')}.`);
  process.exit(1);
}

prepareRedis();
prepare();

const { startPostgres, startRedis, startTidings, temporaryFolder } = await import('../packages/local/dist/index.js');
const { migrate } = await import('../packages/database/dist/index.js');

const { folder, remove } = temporaryFolder();
const postgres = await startPostgres({ folder: join(folder, 'postgres') });
const redis = await startRedis({ folder: join(folder, 'redis') });
const failed = [];
try {
  await migrate(postgres.url);
  const tidings = await startTidings({
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    workers: 1,
    env: { WEBHOOKS_PER_OWNER: '10000' },
  });
  const document = join(folder, 'openapi.json');
  writeFileSync(document, await (await fetch(`${tidings.url}/openapi.json`)).text());
  for (const name of names) {
    const work = join(folder, name);
    mkdirSync(work);
    console.log(`${name} …`);
    // Each has an owner of its own: the deliveries and events of the others are not listed.
    const { status } = spawnSync('bash', [join(CLIENTS, name, 'run.sh')], {
      stdio: 'inherit',
      env: {
        ...process.env,
        DOCUMENT: document,
        WORK: work,
        TIDINGS_URL: tidings.url,
        OWNER: name,
        TOKEN: tidings.token(name, 'events:publish admin'),
      },
    });
    console.log(`${name}: ${status === 0 ? 'passed' : 'failed'}`);
    if (status !== 0) failed.push(name);
  }
  await tidings.stop();
} finally {
  await redis.stop();
  await postgres.stop();
  remove();
}
process.exitCode = failed.length > 0 ? 1 : 0;
