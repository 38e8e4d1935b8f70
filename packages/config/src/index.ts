export { configurationPage } from './configuration-page.js';
export { describeSettings } from './describe-settings.js';
export { group } from './group.js';
export { loadCatalog } from './load-catalog.js';
export { createMachineKeys, findMachineKeys, keepMachineKeys, type MachineKeys } from './machine-keys.js';
export {
  DEFAULT_RETRY_POLICY,
  longestSpanMs,
  MAX_ATTEMPTS,
  policyOf,
  RETRY_SCHEDULE_NAMES,
  RETRY_SCHEDULES,
  SCHEDULE_JITTER,
  type RetryPolicy,
  type RetrySchedule,
} from './retry-policy.js';
export { orExit, readConfig, resolvedOrExit } from './read-config.js';
export { readEventTypes } from './read-event-types.js';
export { fileVariable, readSecretFiles } from '@tidings/runtime/secret-files';
export { settingNotices } from './setting-notices.js';
export { withoutIdleTracing } from './tracing-settings.js';
export { egressSettings, flag, parsed, sharedConfig, sharedSettings, wholeNumber } from './settings.js';
