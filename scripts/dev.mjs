// npm run dev: npm start, which builds again what changes, and then restarts the processes that use it.
import { firstRun } from './first-run.mjs';

await firstRun({ watch: true });
