export { parseNetworks, type Network } from './address.js';
export { checkUrl, type UrlRules } from './url.js';
export { createGuard, type Guard, type Resolve } from './guard.js';
