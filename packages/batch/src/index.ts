export { createBatch, type Batch, type BatchOptions } from './batch.js';
