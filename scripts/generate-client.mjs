// npm run generate:client: writes the types of packages/client anew, from the document that a running API serves.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareApi, prepareRedis, ROOT } from './prepare.mjs';

prepareRedis();
// The client's users may need what it has not yet.
prepareApi();

const { startPostgres, startRedis, startTidings, temporaryFolder } = await import('../packages/local/dist/index.js');
const { migrate } = await import('../packages/database/dist/index.js');

const CLIENT = join(ROOT, 'packages/client');
const { folder, remove } = temporaryFolder();
const postgres = await startPostgres({ folder: join(folder, 'postgres') });
const redis = await startRedis({ folder: join(folder, 'redis') });
try {
  await migrate(postgres.url);
  const tidings = await startTidings({ databaseUrl: postgres.url, redisUrl: redis.url, workers: 0 });
  const document = await (await fetch(`${tidings.url}/openapi.json`)).json();
  await tidings.stop();
  writeFileSync(join(CLIENT, 'openapi.json'), `${JSON.stringify(document, null, 2)}\n`);
} finally {
  await redis.stop();
  await postgres.stop();
  remove();
}
execFileSync('npm', ['run', '--silent', 'generate'], { cwd: CLIENT, stdio: ['ignore', 'ignore', 'inherit'] });
