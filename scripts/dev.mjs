// npm run dev: like npm start; it also rebuilds changed packages and restarts the processes that use them.
import { firstRun } from './first-run.mjs';

await firstRun({ watch: true });
