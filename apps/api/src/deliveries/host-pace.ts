import { countReplays, noteReplay, type Queryable, type Webhook } from '@tidings/database';
import { destinationOf } from '@tidings/egress';

interface HostPaceParts {
  sql: Queryable;
  /** The most deliveries of one webhook that become due in a second because of its owner. */
  perSecond: number;
  /** The same for all webhooks at one host, which share it. */
  perSecondAndHost: number;
}

/**
 * Makes deliveries of a webhook due at the pace that its host has for it. Deliveries that an owner can have sent at will, all at
 * once, share a pace: replays, and retries that wait while the URL is changed.
 */
export interface HostPace {
  /** The pace of a webhook at this moment, in deliveries a second: each further webhook at the host gets a smaller part. */
  of: (webhook: Pick<Webhook, 'id' | 'url'>) => Promise<number>;
  /** Runs work that plans deliveries and resolves with their number; the webhook counts at its host until they are due. */
  plan: (webhook: Pick<Webhook, 'id' | 'url'>, work: (perSecond: number) => Promise<number>) => Promise<number>;
}

/** Creates the paces of hosts, which all processes share through PostgreSQL. */
export function createHostPace({ sql, perSecond, perSecondAndHost }: HostPaceParts): HostPace {
  const of: HostPace['of'] = async ({ id, url }) => {
    const others = await countReplays(sql, destinationOf(url), id);
    return Math.min(perSecond, Math.max(perSecond, perSecondAndHost) / (1 + others));
  };
  return {
    of,
    async plan(webhook, work) {
      const host = destinationOf(webhook.url);
      await noteReplay(sql, host, webhook.id);
      const count = await work(await of(webhook));
      // Work that planned nothing would slow down that of others.
      await noteReplay(sql, host, webhook.id, count > 0 ? undefined : 0);
      return count;
    },
  };
}
