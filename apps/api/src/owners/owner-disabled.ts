import { Problem } from '../problems/problem.js';

/** Returns the 403 for every request of an owner whom an operator disabled. */
export function ownerDisabled(): Problem {
  return new Problem(403, 'The owner is disabled', {
    detail: 'An operator of this server disabled the owner that the token names. Ask the operator to enable it.',
  });
}
