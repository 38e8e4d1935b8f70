export { createRevocations, revokeToken, type Revocations } from './revocations.js';
