// npm run chaos [-- --all] [--scenario NAME] [--seed N] [--seconds S]: breaks a Tidings of its own in every way it knows,
// and exits with 1 when a promise was not kept.
import { prepare, prepareRedis } from './prepare.mjs';

prepare();
prepareRedis();

await import('../chaos/dist/main.js');
