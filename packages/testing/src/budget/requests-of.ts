import { EVENT_TYPE } from './busy-owner.js';
import type { CostlyIds, CostlyRequest } from './costly-requests.js';
import type { BudgetRequest } from './exchange.js';
import type { BudgetOperation } from './worst-requests.js';

/** Changes come after what reads, and what removes or disables at the end. */
const ORDER = ['get', 'put', 'post', 'patch', 'delete'];

/** Returns operations in the order in which their requests disturb each other least. */
export function inBudgetOrder<Operation extends Pick<BudgetOperation, 'method'>>(operations: readonly Operation[]): Operation[] {
  return operations.toSorted((one, other) => ORDER.indexOf(one.method) - ORDER.indexOf(other.method));
}

/**
 * Returns the path of an operation with the ids of a busy owner. Throws when there is no id for one of its parameters.
 *
 * @param delivery the delivery that it names. Default: one that has ended
 */
export function budgetPathOf({ path }: Pick<BudgetOperation, 'path'>, ids: CostlyIds, delivery = ids.delivery): string {
  const named: Record<string, string> = {
    owners: ids.owner,
    webhooks: ids.webhook,
    deliveries: delivery,
    events: ids.event,
    'event-types': EVENT_TYPE,
  };
  const segments = path.split('/');
  return segments
    .map((segment, index) => {
      if (!segment.startsWith('{')) return segment;
      const noun = segments[index - 1] ?? '';
      const id = named[noun];
      if (id === undefined) throw new Error(`A busy owner has no id for /${noun}/${segment}: makeBusy() returns one.`);
      return id;
    })
    .join('/');
}

/** Returns one of the costly requests of an operation, without a token. */
export function costlyRequestOf(
  operation: Pick<BudgetOperation, 'method' | 'path'>,
  costly: CostlyRequest,
  ids: CostlyIds,
): BudgetRequest {
  const query = typeof costly.query === 'function' ? costly.query(ids) : costly.query;
  const body = costly.body && Buffer.from(JSON.stringify(costly.body(ids)));
  const path = budgetPathOf(operation, ids, costly.isPending === true ? ids.pending : ids.delivery);
  const json: [string, string][] = body ? [['content-type', 'application/json']] : [];
  return {
    name: query ?? (body ? `a body of ${String(Math.ceil(body.length / 1024))} KB` : ''),
    method: operation.method,
    target: query === undefined ? path : `${path}?${query}`,
    headers: [...json, ...Object.entries(costly.headers ?? {})],
    ...(body && { body }),
  };
}
