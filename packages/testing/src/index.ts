export { addDecoy, createTestDatabase, makeHostile, type TestDatabase } from './database.js';
export { setHostileDefaults } from './hostile-defaults.js';
export { eventually } from './eventually.js';
export { createFaultProxy, type FaultProxy } from './fault-proxy.js';
export { flushStatistics } from './flush-statistics.js';
export { openHandles } from './open-handles.js';
export { createTestRedis, type TestRedis } from './redis.js';
export { createTestAuthority, type ServerCertificate, type TestAuthority } from './certificates.js';
