import { migrate } from '@tidings/database';
import { addWebhooks } from '../add-webhooks.js';
import {
  makeYear,
  openYearServer,
  query,
  readYearSize,
  withClient,
  withDatabase,
  YEAR_DATABASE,
  type YearServer,
} from './database.js';
import { postponePending, YEAR } from './fill.js';
import { runStep, type OnStep } from './step.js';

const COPY = 'tidings_year_copy';
/** The longest time that the setting allows. With its default, the processes of a bench drop most of the year. */
const RETENTION_DAYS = '3650';

/**
 * Copies the year for one bench, makes it first where it is missing, and drops the copy at the end. Newer migrations are applied
 * to the copy only.
 *
 * There is one copy for each bench, also for one that only reads or appends: it takes half a minute, all benches begin with the
 * same rows, and no bench has to delete rows, which would leave dead ones. CREATE DATABASE takes no longer than a copy of the
 * data folder (19 to 31 seconds, and 37 to 39), and works on every server. FILE_COPY writes no WAL for the rows.
 */
export async function startYearCopy(
  addCleanup: (cleanUp: () => unknown) => void,
): Promise<{ postgres: YearServer; databaseUrl: string }> {
  const onStep: OnStep = (step, seconds) => {
    console.error(`  the year, ${step}: ${seconds.toFixed(1)} s`);
  };
  const postgres = await openYearServer();
  addCleanup(() => postgres.stop());
  if ((await readYearSize(postgres)) === null) await makeYear(postgres, YEAR, onStep);

  const drop = () => query(postgres.url, `DROP DATABASE IF EXISTS ${COPY} WITH (FORCE)`);
  // An interrupted bench leaves its copy behind.
  await drop();
  addCleanup(drop);
  await runStep(onStep, 'copy', () =>
    query(postgres.url, `CREATE DATABASE ${COPY} TEMPLATE ${YEAR_DATABASE} STRATEGY FILE_COPY`),
  );
  const databaseUrl = withDatabase(postgres.url, COPY);
  await runStep(onStep, 'migrations', () => migrate(databaseUrl));
  await withClient(databaseUrl, async (sql) => {
    await postponePending(sql);
    // Processes do not start on secrets of which their keys open none. It is the first by its id, and gets no event.
    await addWebhooks(sql, [
      { id: 'wh_0', owner: 'bench', url: 'http://127.0.0.1:9/', maxInFlight: 1, eventTypes: ['nothing.happens'] },
    ]);
  });
  // In the environment of this process, so that none of those that a bench starts lacks it.
  process.env['RETENTION_DAYS'] = RETENTION_DAYS;
  process.env['AUDIT_RETENTION_DAYS'] = RETENTION_DAYS;
  return { postgres, databaseUrl };
}
