import type { Queryable } from '../src/database.js';

/**
 * Adds a clock that only moves when it is set. `now()` in a statement or function reads it on connections that have it first
 * in their search path (`ON_STOPPED_CLOCK`).
 */
export async function addStoppedClock(sql: Queryable): Promise<void> {
  await sql.query(`
    CREATE SCHEMA clock;
    CREATE TABLE clock.reading (at TIMESTAMPTZ NOT NULL);
    INSERT INTO clock.reading VALUES ('epoch');
    CREATE FUNCTION clock.now() RETURNS TIMESTAMPTZ LANGUAGE sql STABLE RETURN (SELECT at FROM clock.reading);
    CREATE FUNCTION clock.clock_timestamp() RETURNS TIMESTAMPTZ LANGUAGE sql VOLATILE RETURN (SELECT at FROM clock.reading)`);
}

/** The options of `openDatabase` for connections that read the stopped clock. */
export const ON_STOPPED_CLOCK = { searchFirst: ['clock', 'pg_catalog'] } as const;

/** Sets the stopped clock, in milliseconds of Unix time. */
export async function setClock(sql: Queryable, ms: number): Promise<void> {
  await sql.query('UPDATE clock.reading SET at = to_timestamp($1::float8 / 1000)', [ms]);
}
