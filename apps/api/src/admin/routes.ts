import { cancelDeliveries, type Database } from '@tidings/database';
import type { Catalog } from '@tidings/events';
import type { Seal } from '@tidings/secrets';
import type { DeliveryLog } from '../deliveries/log.js';
import type { Route } from '../openapi/route.js';
import type { UserSettings } from '../users/settings.js';
import { auditRoutes } from './audit.js';
import { deliveringRoutes } from './delivering.js';
import { overviewRoutes } from './overview.js';
import { visitRoutes } from './queues.js';
import { userRoutes } from './users.js';
import type { Visits } from './visits.js';
import { adminWebhookRoutes } from './webhooks.js';

interface AdminRoutesParts {
  database: Database;
  seal: Seal;
  deliveries: DeliveryLog;
  settings: Pick<UserSettings, 'refresh'>;
  visits: Visits;
  /** Told how many deliveries were cancelled, for the metrics. Default: nobody. */
  onCancelled?: (count: number) => void;
  catalog: Pick<Catalog, 'types'>;
}

/** What operators see and do: all of it needs the scope `admin`. */
export function adminRoutes(parts: AdminRoutesParts): Route[] {
  const { database, seal, deliveries, settings, visits, catalog, onCancelled } = parts;
  const cancel = async (webhookId: string): Promise<void> => {
    const count = await cancelDeliveries(database.pool, webhookId);
    onCancelled?.(count);
  };
  return [
    ...overviewRoutes({ sql: database.pool }),
    ...deliveringRoutes({ sql: database.pool }),
    ...userRoutes({ database, settings, cancel }),
    ...adminWebhookRoutes({ database, seal, deliveries, catalog, cancel }),
    ...auditRoutes(database),
    ...visitRoutes({ visits }),
  ];
}
