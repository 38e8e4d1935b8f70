// npm start: a whole Tidings on a machine that has only Node and npm.
import { firstRun } from './first-run.mjs';

await firstRun();
