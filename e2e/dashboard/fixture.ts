import { syncCompleted, syncFailed } from '@tidings/events';
import type { DashboardWindow, WindowOptions } from '../harness/dashboard-window.js';
import type { Tidings } from '../harness/tidings.js';
import type { User } from '../harness/user.js';

/** One Tidings and one browser, shared by all dashboard tests. */
export interface DashboardFixture {
  tidings: Tidings;
  /** A service that publishes events. */
  service: User;
  /** Opens a window without a session. The window is closed after the test. */
  open: (options?: WindowOptions) => Promise<DashboardWindow>;
  /** Opens a window and signs the user in at a path. */
  openAs: (user: User, path?: string, options?: WindowOptions) => Promise<DashboardWindow>;
}

/** The text of the page while its stream is connected, and not its title, which begins with the same word. */
export const LIVE = /^Live$/;
export const failed = (user: string, message = 'no') => syncFailed({ user_id: user, error_message: message });
export const completed = (user: string) => syncCompleted({ user_id: user, items_synced: 1204, errors: 0, duration_s: 42.5 });
