// npm run bench [-- NAME] [--rounds N] [--json] [--year]: starts servers, runs the measurements on them, and removes them
// afterwards. Only the database of `npm run bench -- year` stays, in .tidings/year.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepare, prepareRedis, ROOT } from './prepare.mjs';

prepare();
prepareRedis();

const { status } = spawnSync(process.execPath, [join(ROOT, 'bench/dist/main.js'), ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
