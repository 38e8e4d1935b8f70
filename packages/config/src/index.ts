export { orExit, readConfig } from './read-config.js';
export { flag, parsed, sharedConfig, sharedSettings, wholeNumber } from './settings.js';
