export { createDuty, type Duty, type DutyOptions, type DutyRound } from './duty.js';
