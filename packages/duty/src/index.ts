export { createDuty, type Duty, type DutyOptions } from './duty.js';
