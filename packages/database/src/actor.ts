/**
 * Who made a change: an owner, of what is theirs; an operator, with the scope `admin`; or Tidings itself. A token may name any
 * id, also `tidings`, so only the kind tells Tidings from a caller.
 */
export type ActorKind = 'owner' | 'operator' | 'system';

/** A caller who makes a change. */
export interface Actor {
  id: string;
  kind: Exclude<ActorKind, 'system'>;
}

interface AuditedActor {
  actor: string;
  actorKind: string | null;
  action: string;
  owner: string | null;
  details: unknown;
}

/** What only operators do, and never Tidings itself. */
const OF_OPERATORS = ['owner.changed', 'deliveries.paused', 'deliveries.resumed'];

/**
 * Returns the kind of the actor of an audit entry. Entries from before kinds were recorded have none: theirs follows from what
 * was done, and by whom to whose. Null: it was Tidings, or an operator whose id is `tidings`.
 */
export function actorKindOf({ actor, actorKind, action, owner, details }: AuditedActor): ActorKind | null {
  if (actorKind === 'owner' || actorKind === 'operator' || actorKind === 'system') return actorKind;
  if (OF_OPERATORS.includes(action)) return 'operator';
  if (actor === 'tidings reseal' && action === 'secret.resealed') return 'system';
  // Only Tidings disables a webhook for these reasons.
  if (action === 'webhook.disabled' && ['failing', 'gone'].includes(reasonIn(details))) return 'system';
  if (actor === owner) return 'owner';
  return actor === 'tidings' || actor === 'tidings reseal' ? null : 'operator';
}

function reasonIn(details: unknown): string {
  return String((details as { reason?: { to?: unknown } } | null)?.reason?.to);
}
