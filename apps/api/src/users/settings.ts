import type { Database } from '@tidings/database';

/** What operators decided about users, as this process knows it: a request asks without a round trip. */
export interface UserSettings {
  isDisabled: (userId: string) => boolean;
  /** How many requests a minute the user may make; null: as the system says. */
  requestsPerMinute: (userId: string) => number | null;
  /** Reads them again. Rejects while the database is away: then what was known stays. */
  refresh: () => Promise<void>;
}

interface Known {
  disabled: boolean;
  requestsPerMinute: number | null;
}

/** Keeps such a copy, of the few users of whom anything was decided. */
export function createUserSettings({ prisma }: Pick<Database, 'prisma'>): UserSettings {
  let known = new Map<string, Known>();
  return {
    isDisabled: (userId) => known.get(userId)?.disabled ?? false,
    requestsPerMinute: (userId) => known.get(userId)?.requestsPerMinute ?? null,
    async refresh() {
      const rows = await prisma.userSettings.findMany({
        where: { OR: [{ disabledAt: { not: null } }, { requestsPerMinute: { not: null } }] },
      });
      known = new Map(
        rows.map(({ userId, disabledAt, requestsPerMinute }) => [userId, { disabled: disabledAt !== null, requestsPerMinute }]),
      );
    },
  };
}
