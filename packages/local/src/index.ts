export { startFirstRun, type FirstRun, type FirstRunOptions } from './first-run.js';
export { temporaryFolder } from './folder.js';
export { freePort } from './port.js';
export { startPostgres, type LocalPostgres } from './postgres.js';
export { startProcess, type LocalProcess, type StartOptions } from './process.js';
export { startRedis, type LocalRedis } from './redis.js';
export { startRedisSentinel, type LocalRedisSentinel } from './redis-sentinel.js';
export { startRedisCluster, type LocalRedisCluster } from './redis-cluster.js';
export { startApp, startTidings, WORKER_FLAGS, type LocalApi, type Tidings, type TidingsOptions } from './tidings.js';
