export { ConfigError, orExit, readConfig } from './read-config.js';
export { flag, sharedSettings, wholeNumber } from './settings.js';
