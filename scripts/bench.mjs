// npm run bench [-- NAME] [--rounds N] [--json] [--year] [--postgres=debian|FOLDER]: starts servers, runs the measurements on them, and removes them
// afterwards. Only the database of `npm run bench -- year` stays, in .tidings/year.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { choosePostgres, prepare, prepareRedis, ROOT } from './prepare.mjs';

const args = choosePostgres(process.argv.slice(2));
prepare();
prepareRedis();

const { status } = spawnSync(process.execPath, [join(ROOT, 'bench/dist/main.js'), ...args], {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
