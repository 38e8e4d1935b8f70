import pg from 'pg';

/**
 * Lets PostgreSQL's clock appear to be set back or forward: moves the stored times by as much in the other direction. The
 * statements compare stored times with the clock, and see the same difference. The server's clock itself is that of the machine.
 *
 * Times of the log (`accepted_at`, `created_at`) are keys of its partitions and stay. So do the times of retries: a time in the
 * next hours is a valid wait, whatever the clock was.
 *
 * @param by how far the clock moves, such as `-1 hour`
 */
export async function moveClock(databaseUrl: string, by: string): Promise<void> {
  await inTransaction(databaseUrl, async (client) => {
    const shift = `- interval '${by}'`;
    await client.query('LOCK TABLE pending_deliveries, webhooks IN EXCLUSIVE MODE');
    await client.query(
      `UPDATE pending_deliveries SET wake_at = wake_at ${shift}, leased_until = leased_until ${shift},
        next_attempt_at = next_attempt_at ${shift} WHERE stage <> 'backoff'`,
    );
    await client.query(
      `UPDATE webhooks SET circuit_opened_at = circuit_opened_at ${shift}, circuit_probe_at = circuit_probe_at ${shift},
        rate_next_at = rate_next_at ${shift}, replay_next_at = replay_next_at ${shift}, failing_since = failing_since ${shift}`,
    );
    await client.query(`UPDATE periodic_tasks SET expires_at = expires_at ${shift}`);
  });
}

/** Ends the newest partition of the log at this moment, as after a jump of the clock beyond all partitions. */
export async function endPartitions(databaseUrl: string): Promise<void> {
  await inTransaction(databaseUrl, async (client) => {
    await client.query('LOCK TABLE events, deliveries, attempts, partitions IN ACCESS EXCLUSIVE MODE');
    const { rows } = await client.query<{ name: string; from: string; fromId: string; until: string; untilId: string }>(
      `SELECT name, coalesce(quote_literal(starts_at), 'MINVALUE') AS from,
        coalesce(quote_literal(delivery_id_floor(starts_at)), 'MINVALUE') AS "fromId",
        quote_literal(until) AS until, quote_literal(delivery_id_floor(until)) AS "untilId"
      FROM partitions, (SELECT date_trunc('milliseconds', clock_timestamp()) + interval '1 ms' AS until) AS cut
      WHERE ends_at > until ORDER BY ends_at`,
    );
    const [current, ...later] = rows;
    if (!current) throw new Error('The log has no partition for this time.');
    for (const { name } of later) {
      for (const table of ['events', 'deliveries', 'attempts']) await client.query(`DROP TABLE ${table}_${name}`);
      await client.query('DELETE FROM partitions WHERE name = $1', [name]);
    }
    const { name, from, fromId, until, untilId } = current;
    for (const [table, first, end] of [
      ['events', from, until],
      ['deliveries', fromId, untilId],
      ['attempts', fromId, untilId],
    ] as const) {
      await client.query(`ALTER TABLE ${table} DETACH PARTITION ${table}_${name}`);
      await client.query(`ALTER TABLE ${table} ATTACH PARTITION ${table}_${name} FOR VALUES FROM (${first}) TO (${end})`);
    }
    await client.query(`UPDATE partitions SET ends_at = ${until} WHERE name = $1`, [name]);
  });
}

const TRIES = 10;

/** Runs the work in a transaction, again after a deadlock with the statements of Tidings. */
async function inTransaction(databaseUrl: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client({ connectionString: databaseUrl });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
      return;
    } catch (error) {
      if (attempt === TRIES) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
