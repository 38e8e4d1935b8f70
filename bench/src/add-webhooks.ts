import { createSeal, createSecret, parseSealKeys, sealedFor } from '@tidings/secrets';
import type pg from 'pg';
import { KEYS } from './keys.js';

/** A webhook to insert. */
export interface NewWebhook {
  id: string;
  owner: string;
  url: string;
  maxInFlight: number;
  /** Default: all types. */
  eventTypes?: readonly string[];
}

/** Registers many webhooks with one statement, with secrets that the processes of a bench can open. */
export async function addWebhooks(sql: pg.Client, webhooks: readonly NewWebhook[]): Promise<void> {
  const { seal } = createSeal(parseSealKeys(KEYS.SECRETS_KEYS));
  await sql.query(
    `INSERT INTO webhooks (id, owner, url, max_in_flight, event_types, sealed_secret)
     SELECT id, owner, url, max_in_flight, string_to_array(types, ','), secret
     FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::bytea[]) AS new (id, owner, url, max_in_flight, types, secret)`,
    [
      webhooks.map(({ id }) => id),
      webhooks.map(({ owner }) => owner),
      webhooks.map(({ url }) => url),
      webhooks.map(({ maxInFlight }) => maxInFlight),
      webhooks.map(({ eventTypes = ['*'] }) => eventTypes.join(',')),
      webhooks.map(({ id }) => seal(createSecret(), sealedFor.secret(id))),
    ],
  );
}
