export { formatNetwork, hostNetworks, networkOf, parseNetworks, type AddressRules, type Network } from './address.js';
export { createAgents, type Agents } from './agents.js';
export { parseCertificates } from './certificates.js';
export { destinationOf } from './destination.js';
export { createGuard, type Guard, type Resolve } from './guard.js';
export { customHeaders, isReservedHeader } from './headers.js';
export { createMustVerify } from './must-verify.js';
export { checkUrl, WEBHOOK_PORTS, type UrlRules } from './url.js';
