export { orExit, readConfig } from './read-config.js';
export { egressSettings, flag, parsed, sharedConfig, sharedSettings, wholeNumber } from './settings.js';
