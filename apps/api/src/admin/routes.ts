import type { Database } from '@tidings/database';
import type { KnownTypes } from '../events/types-parameter.js';
import type { Seal } from '@tidings/secrets';
import type { Admit } from '../deliveries/admit.js';
import { createDeliveryLog } from '../deliveries/delivery-log.js';
import type { Route } from '../openapi/route.js';
import type { OwnerSettings } from '../owners/settings.js';
import { auditRoutes } from './audit.js';
import { deliveryPauseRoutes } from './delivery-pause.js';
import { egressRoutes, type EgressRules } from './egress.js';
import { adminEventRoutes } from './events.js';
import { overviewRoutes } from './overview.js';
import { browserSessionRoutes } from './queues.js';
import { revocationRoutes } from './revocations.js';
import { ownerRoutes } from './owners.js';
import type { Revoke } from '../auth/revoke.js';
import type { BrowserSessions } from './browser-sessions.js';
import { adminWebhookRoutes } from './webhooks.js';

interface AdminRoutesParts {
  /** The path below which a proxy serves the API; empty: none. */
  basePath: string;
  database: Database;
  /** Where statements that only read run: they have a shorter time limit. */
  reading: Pick<Database, 'pool' | 'prisma'>;
  seal: Seal;
  egress: EgressRules;
  settings: Pick<OwnerSettings, 'refresh'>;
  browserSessions: BrowserSessions;
  revoke: Revoke;
  eventTypes: KnownTypes;
  admit: Admit;
}

/** All routes of operators. Each one needs the scope `admin`. */
export function adminRoutes(parts: AdminRoutesParts): Route[] {
  const { basePath, database, reading, seal, egress, settings, browserSessions, revoke, eventTypes, admit } = parts;
  return [
    ...overviewRoutes({ sql: reading.pool }),
    ...deliveryPauseRoutes({ sql: database.pool, reading: reading.pool }),
    ...egressRoutes(egress),
    ...ownerRoutes({ database, reading: reading.pool, settings }),
    ...adminWebhookRoutes({ database, reading: reading.prisma, seal, deliveries: createDeliveryLog(reading), eventTypes, admit }),
    ...adminEventRoutes({ sql: reading.pool, eventTypes }),
    ...revocationRoutes({ sql: reading.pool, revoke }),
    ...auditRoutes(reading),
    ...browserSessionRoutes({ basePath, browserSessions }),
  ];
}
