import type { Queryable } from '../database.js';

/** The settings that an operator made for an owner, and that each request needs. */
export interface OwnerSettingsRow {
  owner: string;
  disabled: boolean;
  /** The most requests that the owner may make in a minute; null: the default of the installation. */
  requestsPerMinute: number | null;
}

/**
 * Reads the settings of the owners that are disabled or have a request limit. Each API process does it every second: not with
 * Prisma, which loads its query compiler, tens of megabytes, at its first query.
 */
export async function readOwnerSettings(sql: Queryable): Promise<OwnerSettingsRow[]> {
  const { rows } = await sql.query<OwnerSettingsRow>({
    name: 'read_owner_settings',
    text: `
      SELECT owner, disabled_at IS NOT NULL AS disabled, requests_per_minute AS "requestsPerMinute" FROM owner_settings
      WHERE disabled_at IS NOT NULL OR requests_per_minute IS NOT NULL`,
  });
  return rows;
}
