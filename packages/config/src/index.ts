export { ConfigError, orExit, readConfig } from './read-config.js';
export { flag, sharedConfig, sharedSettings, wholeNumber } from './settings.js';
