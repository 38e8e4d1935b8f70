export { fetchKeySet } from './fetch-key-set.js';
export { parseKeySet, type Algorithm, type KeySet } from './key-set.js';
export { tokenConfig, tokenMistakes, tokenSettings, type KeySource, type TokenConfig } from './settings.js';
