export { formatNetwork, hostNetworks, parseNetworks, type AddressRules, type Network } from './address.js';
export { createAgents, type Agents } from './agents.js';
export { parseCertificates } from './certificates.js';
export { createGuard, type Guard, type Resolve } from './guard.js';
export { customHeaders, isReservedHeader } from './headers.js';
export { checkUrl, WEBHOOK_PORTS, type UrlRules } from './url.js';
