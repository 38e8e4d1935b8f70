// Loaded into a process of Tidings before its own code (`node --import`), by the harness only.
// CHAOS_FAILPOINT=record_attempts:before:3 and CHAOS_SABOTAGE=reconciler-off say what it does.
import { failAt, parseFailpoint } from './failpoint.js';
import { interceptStatements } from './intercept.js';
import { isSabotage, SABOTAGES } from './sabotage.js';

const { CHAOS_FAILPOINT: failpoint, CHAOS_SABOTAGE: sabotage } = process.env;

if (sabotage) {
  if (!isSabotage(sabotage)) throw new Error(`There is no sabotage "${sabotage}".`);
  interceptStatements(SABOTAGES[sabotage]);
}
if (failpoint) interceptStatements(failAt(parseFailpoint(failpoint), () => process.kill(process.pid, 'SIGKILL')));
