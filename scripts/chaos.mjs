// npm run chaos [-- --all] [--scenario NAME] [--seed N] [--seconds S]: starts a Tidings, injects faults into it, and exits with
// 1 when a guarantee was violated.
import { prepare, prepareRedis } from './prepare.mjs';

prepare();
prepareRedis();

await import('../chaos/dist/main.js');
