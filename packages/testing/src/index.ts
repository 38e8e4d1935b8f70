export { createTestDatabase, type TestDatabase } from './database.js';
export { eventually } from './eventually.js';
export { createGate, type Gate } from './gate.js';
export { createTestRedis, type TestRedis } from './redis.js';
export { createTestAuthority, type ServerCertificate, type TestAuthority } from './certificates.js';
