import type { Logger } from '@tidings/runtime/logging';
import { readDashboard } from '../dashboard/files.js';
import type { DashboardParts } from '../dashboard/serve.js';

/** Reads the built dashboard, and warns when there is none. */
export async function findDashboard(folder: string, basePath: string, log: Pick<Logger, 'warn'>): Promise<DashboardParts> {
  const files = await readDashboard(folder, basePath);
  if (files === null) {
    log.warn('There is no dashboard: build it (npm run build), or turn it off (DASHBOARD=false).', { folder });
  }
  return { files };
}
