export { sign, type SignInput } from './sign.js';
