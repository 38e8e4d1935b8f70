import type { Contract } from '../contract.js';
import type { ContractChange } from './contract-change.js';

/**
 * Compares who may see the event. A field that names the owner must be an owner id, which its schema does not say: the data of
 * publishers may be refused for it.
 */
export function compareOwners(before: Contract, after: Contract): ContractChange[] {
  if (before.audience !== after.audience) {
    return [after.audience === 'owner' ? restricted(after) : opened()];
  }
  if (after.audience === 'everyone' || before.ownerField === after.ownerField) return [];
  return [
    {
      path: 'owner_field',
      kind: 'owner_field_changed',
      breaks: ['publishers', 'receivers'],
      message: `The field that names the owner changed from ${before.ownerField} to ${after.ownerField}: other receivers get the event, and publishers whose ${after.ownerField} is not the id of an owner are refused.`,
    },
  ];
}

function restricted({ ownerField }: Contract): ContractChange {
  return {
    path: 'audience',
    kind: 'audience_changed',
    breaks: ['publishers', 'receivers'],
    message: `The audience changed from everyone to the owner that ${ownerField} names: all other receivers no longer get the event, and publishers whose ${ownerField} is not the id of an owner are refused.`,
  };
}

function opened(): ContractChange {
  return {
    path: 'audience',
    kind: 'audience_changed',
    breaks: ['receivers'],
    message: 'The audience changed from the owner to everyone: receivers get the events of other owners, too.',
  };
}
