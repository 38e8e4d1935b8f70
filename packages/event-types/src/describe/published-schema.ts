import type { Contract } from '../contract.js';
import type { ReferTo, WrittenSchema } from '../schema/definitions.js';
import { writeClosed } from '../validate/close-schema.js';

/**
 * Writes a checked schema as publishers should read it: it allows the data that the contract allows, so it refuses unknown fields
 * at every depth when the contract does, and it keeps titles, descriptions and `x-…`.
 */
export function publishedSchema(contract: Pick<Contract, 'schema' | 'unknownFields'>, referTo?: ReferTo): WrittenSchema {
  return writeClosed(contract, { annotations: 'keep', ...(referTo && { referTo }) });
}
