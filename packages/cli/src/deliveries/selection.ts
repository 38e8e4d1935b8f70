import type { Command } from 'commander';
import type { components } from '@tidings/client';
import { list, moment } from '../moment.js';

export type Delivery = components['schemas']['Delivery'];
export type DeliveryStatus = Delivery['status'];

/** Which deliveries of a webhook are meant. */
export interface Selection {
  webhook: string;
  since?: Date;
  until?: Date;
  status?: DeliveryStatus[];
  types?: string[];
}

/** Adds the options that say which deliveries. The server checks the names of states and types. */
export function withSelection(command: Command, { mustSaySince = false } = {}): Command {
  const since = ['--since <when>', 'from then on: 2h ago, or 2026-11-24T10:00:00Z', moment] as const;
  command.requiredOption('--webhook <id>', 'the webhook: wh_…');
  if (mustSaySince) command.requiredOption(...since);
  else command.option(...since);
  return command
    .option('--until <when>', 'before then', moment)
    .option('--status <states>', 'only these, with commas between: failed,skipped', list)
    .option('--types <types>', 'only these events: sync.*,gaps.updated', list);
}

/** The same as a query of `GET /api/webhooks/{id}/deliveries`. */
export function selectionQuery({ since, until, status, types }: Omit<Selection, 'webhook'>) {
  return {
    ...(since === undefined ? {} : { since: since.toISOString() }),
    ...(until === undefined ? {} : { until: until.toISOString() }),
    ...(status === undefined ? {} : { status }),
    ...(types === undefined ? {} : { event_types: types.join(',') }),
  };
}
