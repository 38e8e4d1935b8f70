export { contractOf, type Definition } from './definition.js';
export { DefinitionsError } from './definitions-error.js';
export { readDefinitions } from './read-definitions.js';
export { shippedDefinitions } from './shipped-definitions.js';
