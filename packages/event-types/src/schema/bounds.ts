/** The maximum size of a schema as JSON, in bytes: 64 KiB. */
export const MAX_SCHEMA_BYTES = 64 * 1024;

/** How deep objects and lists may be nested in a schema as JSON. Data of 32 levels, the limit of events, takes 63. */
export const MAX_SCHEMA_LEVELS = 64;

/** How many subschemas a schema may have, each `$ref` counted as what it refers to. */
export const MAX_SUBSCHEMAS = 1000;

/** How deep subschemas may be nested once each `$ref` is followed. */
export const MAX_EXPANDED_LEVELS = 64;

/** How many faults of one schema are named. */
export const MAX_FAULTS = 100;

/** The most items that `maxItems` may allow beside `uniqueItems`. */
export const MAX_UNIQUE_ITEMS = 10_000;
