import { createMachineKeys } from '@tidings/config';

/** The keys of all processes of a bench: those that a webhook on the copy of the year was sealed with, too. */
export const KEYS = createMachineKeys();
