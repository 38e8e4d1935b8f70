export { createPeriodicTask, type PeriodicTask, type PeriodicTaskOptions, type PeriodicTaskRound } from './periodic-task.js';
export { createSharedPeriodicTask, type SharedPeriodicTaskOptions, type TaskHold } from './shared-periodic-task.js';
