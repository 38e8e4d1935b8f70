export { createPeriodicTask, type PeriodicTask, type PeriodicTaskOptions, type PeriodicTaskRound } from './periodic-task.js';
