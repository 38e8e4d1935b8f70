import { matches, write } from './accept.js';
import { RULES, type Rules } from './rules.js';
import { copy, type State } from './state.js';

/** One committed chunk of an expansion. */
export interface Chunk {
  position: number;
  written: number;
  skipped: number;
  /** All deliveries of the event are written. */
  done: boolean;
}

/**
 * Writes the deliveries of the oldest expansion for the next `limit` webhooks, as `expandNext` does: the fifo phases of all expansions come first. The
 * fifo phase writes for fifo webhooks, the other one for all: a webhook that has its delivery already, because its ordering
 * changed between the phases, gets no second one.
 *
 * @param held positions of expansions that other workers hold
 */
export function expand(
  before: State,
  { limit, held = [] }: { limit: number; held?: readonly number[] },
  rules: Rules = RULES,
): { state: State; chunk: Chunk | null } {
  const state = copy(before);
  const open = state.expansions.filter(({ position }) => !held.includes(position));
  const expansion = open.find(({ fifoDone }) => !fifoDone) ?? open[0];
  if (!expansion) return { state, chunk: null };
  const { position, audience, fifoDone, fifoCursor, cursor } = expansion;
  const isWritten = (webhookId: string) =>
    [...before.deliveries.values()].some((one) => one.position === position && one.webhookId === webhookId);
  const chunk = [...state.webhooks.values()]
    // Subscriptions, by which an event for everyone is expanded, are those of deliverable webhooks.
    .filter((webhook) => (fifoDone ? audience !== null || matches(audience, webhook) : webhook.ordering === 'fifo'))
    .filter(({ id }) => (audience === null || id === audience) && id > (fifoDone ? cursor : fifoCursor))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .slice(0, limit);
  const matching = chunk.filter(
    (webhook) =>
      matches(audience, webhook) &&
      (!rules.expansionHonoursFromPosition || webhook.fromPosition < position) &&
      !(rules.expansionWritesOnce && isWritten(webhook.id)),
  );
  for (const webhook of matching) write(state, webhook, position);
  const last = chunk.at(-1)?.id;
  if (last !== undefined) Object.assign(expansion, fifoDone ? { cursor: last } : { fifoCursor: last });
  const phaseDone = chunk.length < limit;
  if (phaseDone && fifoDone) state.expansions.splice(state.expansions.indexOf(expansion), 1);
  else if (phaseDone) expansion.fifoDone = true;
  const skipped = matching.filter(({ enabled }) => !enabled).length;
  return { state, chunk: { position, written: matching.length, skipped, done: phaseDone && fifoDone } };
}
