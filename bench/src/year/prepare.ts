import type pg from 'pg';
import { makeYear, openYearServer, readYearSize, withClient, withDatabase, YEAR_DATABASE } from './database.js';
import { scaled, YEAR, type YearSize } from './fill.js';

interface TableSize {
  name: string;
  rows: string;
  megabytes: number;
  index_megabytes: number;
}

/**
 * Makes the database of a year, unless the server has it, and prints the duration of each step, and the rows and size of each
 * table. The server is that of DATABASE_URL, or else an embedded PostgreSQL whose data stays in `.tidings/year`.
 *
 * @param isFresh whether an existing one is made again
 */
export async function prepareYear(size: YearSize, isFresh: boolean): Promise<void> {
  const server = await openYearServer();
  try {
    const existing = isFresh ? null : await readYearSize(server);
    if (existing === null) {
      const steps = new Map<string, number>();
      const startedAt = performance.now();
      await makeYear(server, size, (step, seconds) => {
        console.error(`  ${step}: ${seconds.toFixed(1)} s`);
        steps.set(step, (steps.get(step) ?? 0) + seconds);
      });
      console.log(`\nMade in ${((performance.now() - startedAt) / 1000).toFixed(0)} s:`);
      for (const [step, seconds] of steps) console.log(`  ${step}: ${seconds.toFixed(1)} s`);
    } else if (JSON.stringify(existing) !== JSON.stringify(size)) {
      throw new Error(`The year exists in another size, ${JSON.stringify(existing)}: make it again with --fresh.`);
    }
    await withClient(withDatabase(server.url, YEAR_DATABASE), printSizes);
  } finally {
    await server.stop();
  }
}

/**
 * Reads the size from the options of the command line. Each default is that of `YEAR`; `scale` multiplies the numbers of rows,
 * also those that are given. Throws when a value is not a number above 0.
 */
export function parseYearSize(options: Partial<Record<keyof YearSize | 'scale', string>>): YearSize {
  const parse = (name: keyof YearSize | 'scale', initial: number): number => {
    const value = Number(options[name] ?? initial);
    if (!(value > 0)) throw new Error(`--${name}: "${String(options[name])}" is not a number above 0.`);
    return value;
  };
  const names = Object.keys(YEAR) as (keyof YearSize)[];
  const size = Object.fromEntries(names.map((name) => [name, parse(name, YEAR[name])])) as Record<keyof YearSize, number>;
  return scaled(size, parse('scale', 1));
}

async function printSizes(sql: pg.Client): Promise<void> {
  const { rows } = await sql.query<TableSize>(
    `SELECT coalesce(pg_partition_root(oid), oid)::regclass::text AS name, sum(greatest(reltuples, 0))::bigint AS rows,
       sum(pg_table_size(oid))::float8 / 1e6 AS megabytes, sum(pg_indexes_size(oid))::float8 / 1e6 AS index_megabytes
     FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
     GROUP BY 1 HAVING sum(reltuples) > 0 ORDER BY sum(pg_total_relation_size(oid)) DESC`,
  );
  const { rows: total } = await sql.query<{ megabytes: number }>(
    'SELECT pg_database_size(current_database())::float8 / 1e6 AS megabytes',
  );
  console.log(`\nThe year on disk: ${(total[0]?.megabytes ?? NaN).toFixed(0)} MB`);
  for (const { name, rows: count, megabytes, index_megabytes: indexes } of rows) {
    console.log(`  ${name}: ${count} rows, ${megabytes.toFixed(1)} MB, indexes ${indexes.toFixed(1)} MB`);
  }
}
