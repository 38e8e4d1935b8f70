import type { Database } from '@tidings/database';

/** What operators decided about users, as this process knows it: a request asks without a round trip. */
export interface OwnerSettings {
  isDisabled: (owner: string) => boolean;
  /** How many requests a minute the user may make; null: as the system says. */
  requestsPerMinute: (owner: string) => number | null;
  /** Reads them again. Rejects while the database is away: then what was known stays. */
  refresh: () => Promise<void>;
}

interface Known {
  disabled: boolean;
  requestsPerMinute: number | null;
}

/** Keeps such a copy, of the few users of whom anything was decided. */
export function createOwnerSettings({ prisma }: Pick<Database, 'prisma'>): OwnerSettings {
  let known = new Map<string, Known>();
  return {
    isDisabled: (owner) => known.get(owner)?.disabled ?? false,
    requestsPerMinute: (owner) => known.get(owner)?.requestsPerMinute ?? null,
    async refresh() {
      const rows = await prisma.ownerSettings.findMany({
        where: { OR: [{ disabledAt: { not: null } }, { requestsPerMinute: { not: null } }] },
      });
      known = new Map(
        rows.map(({ owner, disabledAt, requestsPerMinute }) => [owner, { disabled: disabledAt !== null, requestsPerMinute }]),
      );
    },
  };
}
