// npm start: runs a complete Tidings on a machine that has only Node and npm.
import { firstRun } from './first-run.mjs';

await firstRun();
