// npm run chaos [-- --all] [--scenario NAME] [--seed N] [--seconds S] [--postgres=debian|FOLDER]: starts a Tidings, injects faults into it, and exits with
// 1 when a guarantee was violated.
import { choosePostgres, prepare, prepareRedis } from './prepare.mjs';

// The scenarios read the arguments that are left.
process.argv.splice(2, Infinity, ...choosePostgres(process.argv.slice(2)));
prepare();
prepareRedis();

await import('../chaos/dist/main.js');
