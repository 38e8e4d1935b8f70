import { Problem } from '../problems/problem.js';

/** 403 for whatever a user asks whom an operator has disabled. */
export function ownerDisabled(): Problem {
  return new Problem(403, 'The user is disabled', {
    detail: 'Whoever runs this server has disabled your access: ask them.',
  });
}
