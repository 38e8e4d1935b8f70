import { readOwnerSettings, type OwnerSettingsRow, type Queryable } from '@tidings/database';

/** The settings that operators made for owners, cached in this process: a request needs no round trip to read them. */
export interface OwnerSettings {
  isDisabled: (owner: string) => boolean;
  /** The most requests that the owner may make in a minute; null: the default of the installation (`RATE_LIMIT_PER_OWNER`). */
  requestsPerMinute: (owner: string) => number | null;
  /** Reads the settings from the database. Rejects while the database is unavailable; the cached settings then stay in use. */
  refresh: () => Promise<void>;
}

/** Creates the cache, empty until the first `refresh`. It holds only owners that are disabled or have a request limit. */
export function createOwnerSettings(sql: Queryable): OwnerSettings {
  let cached = new Map<string, OwnerSettingsRow>();
  return {
    isDisabled: (owner) => cached.get(owner)?.disabled ?? false,
    requestsPerMinute: (owner) => cached.get(owner)?.requestsPerMinute ?? null,
    async refresh() {
      cached = new Map((await readOwnerSettings(sql)).map((settings) => [settings.owner, settings]));
    },
  };
}
