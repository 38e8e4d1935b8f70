import type { Command } from 'commander';
import type { components } from '@tidings/client';
import { EventTypePatternsOption } from '../completion/event-type-values.js';
import { parseList, parseTime } from '../option-values.js';

/** A delivery as the API lists it. */
export type Delivery = components['schemas']['Delivery'];
/** The status of a delivery: `pending`, `succeeded`, … */
export type DeliveryStatus = Delivery['status'];

/** Options that select deliveries of one webhook. */
export interface Selection {
  webhook: string;
  since?: Date;
  until?: Date;
  status?: DeliveryStatus[];
  types?: string[];
}

/**
 * Adds the options that select deliveries. The server checks the names of statuses and types.
 *
 * @param isSinceRequired whether the command needs `--since`; default false
 */
export function withSelection(command: Command, { isSinceRequired = false } = {}): Command {
  const since = ['--since <when>', 'created at or after this time: 2h (ago), or 2026-11-24T10:00:00Z', parseTime] as const;
  command.requiredOption('--webhook <id>', 'id of the webhook: wh_…');
  if (isSinceRequired) command.requiredOption(...since);
  else command.option(...since);
  return command
    .option('--until <when>', 'created before this time', parseTime)
    .option('--status <states>', 'only these statuses, comma-separated: failed,skipped', parseList)
    .addOption(new EventTypePatternsOption('only these event types, comma-separated: sync.*,gaps.updated'));
}

/** Returns the selection as query parameters of `GET /api/webhooks/{id}/deliveries`. */
export function selectionQuery({ since, until, status, types }: Omit<Selection, 'webhook'>) {
  return {
    ...(since === undefined ? {} : { since: since.toISOString() }),
    ...(until === undefined ? {} : { until: until.toISOString() }),
    ...(status === undefined ? {} : { status }),
    ...(types === undefined ? {} : { event_types: types.join(',') }),
  };
}
