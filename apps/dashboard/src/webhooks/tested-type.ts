import type { Schemas } from '../api/api.js';

/** Returns the body of a test that sends an example of the chosen type or version, such as `invoice.paid@2`; null: `webhook.test`. */
export function testedType(chosen: string | null): Schemas['NewTest'] {
  if (chosen === null) return {};
  const [type = '', version] = chosen.split('@');
  return version === undefined ? { type } : { type, version: Number(version) };
}
