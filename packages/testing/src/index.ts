export { createTestDatabase, type TestDatabase } from './database.js';
export { eventually } from './eventually.js';
export { createTestRedis, type TestRedis } from './redis.js';
