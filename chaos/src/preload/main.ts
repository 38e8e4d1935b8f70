// The chaos harness loads this module into a process of Tidings before the process's own code (`node --import`).
// Environment variables select the effect, such as CHAOS_FAILPOINT=record_attempts:before:3 and CHAOS_SABOTAGE=reconciler-off.
import { failAt, parseFailpoint } from './failpoint.js';
import { interceptStatements } from './intercept.js';
import { isSabotage, SABOTAGES } from './sabotage.js';

const { CHAOS_FAILPOINT: failpoint, CHAOS_SABOTAGE: sabotage } = process.env;

if (sabotage) {
  if (!isSabotage(sabotage)) throw new Error(`CHAOS_SABOTAGE: unknown sabotage "${sabotage}".`);
  interceptStatements(SABOTAGES[sabotage]);
}
if (failpoint) interceptStatements(failAt(parseFailpoint(failpoint), () => process.kill(process.pid, 'SIGKILL')));
