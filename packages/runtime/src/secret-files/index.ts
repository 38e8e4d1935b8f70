export { fileVariable, readSecretFiles, SECRET_SETTINGS } from './secret-files.js';
