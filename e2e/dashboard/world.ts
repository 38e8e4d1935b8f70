import { syncCompleted, syncFailed } from '@tidings/events';
import type { Tidings } from '../harness/tidings.js';
import type { User } from '../harness/user.js';
import type { openVisitor, Visitor } from '../harness/visitor.js';

type Eyes = Parameters<typeof openVisitor>[2];

/** One Tidings and one browser, which all the stories of the dashboard share. */
export interface World {
  tidings: Tidings;
  /** Publishes. */
  service: User;
  /** Somebody new at the dashboard, whose window is closed after the story. */
  open: (eyes?: Eyes) => Promise<Visitor>;
  /** Somebody who is signed in, at an address. */
  openAs: (user: User, path?: string, eyes?: Eyes) => Promise<Visitor>;
}

export const failed = (user: string, message = 'no') => syncFailed({ user_id: user, error_message: message });
export const completed = (user: string) => syncCompleted({ user_id: user, items_synced: 1204, errors: 0, duration_s: 42.5 });
