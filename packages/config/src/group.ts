import type { z } from 'zod';

/** The sections of docs/configuration.md, in its order. */
export const GROUPS = [
  'Basics',
  'HTTP server',
  'Tokens',
  'Delivery',
  'Egress',
  'Limits',
  'Streams',
  'Logging and monitoring',
  'Tracing',
] as const;

/** The name of a group. */
export type Group = (typeof GROUPS)[number];

declare module 'zod' {
  interface GlobalMeta {
    /** The section of docs/configuration.md that lists the setting. */
    group?: Group;
    /** The allowed values in words, where the schema cannot name them. */
    values?: string;
    /** Whether white space around a secret is left to the schema. Default: it is removed before. */
    keepsWhiteSpace?: boolean;
  }
}

/** Puts settings into a section of docs/configuration.md. Each of them needs a description, which the page shows. */
export function group<Settings extends Record<string, z.ZodType>>(name: Group, settings: Settings): Settings {
  return Object.fromEntries(
    Object.entries(settings).map(([setting, schema]) => [setting, schema.meta({ group: name })]),
  ) as Settings;
}
