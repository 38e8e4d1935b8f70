import { readToken, UnreadableToken, type Session } from './token.js';

/** Why nobody is signed in. */
export type Ended = 'none' | 'signed-out' | 'expired' | 'refused' | 'unreadable-link';

export type SessionState = { session: Session } | { session: null; ended: Ended };

export interface SessionStore {
  read: () => SessionState;
  subscribe: (changed: () => void) => () => void;
  begin: (session: Session) => void;
  end: (why: Ended) => void;
  /** Signs in by a link, if the fragment of the address is one of those. */
  enter: (fragment: string) => void;
}

interface StoreParts {
  /** Forgets when the tab is closed. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** What follows the `#` in the address. */
  fragment: string;
  /** Takes it out of the address, and out of the history, before anything else can see it. */
  removeFragment: () => void;
}

const KEY = 'tidings.token';
/** Timers count up to 2^31 - 1 milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Keeps who is signed in: the token of a link (`#token=…`) comes before the one that the tab had. */
export function createSessionStore({ storage, fragment, removeFragment }: StoreParts): SessionStore {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let state: SessionState = { session: null, ended: 'none' };

  const become = (next: SessionState): void => {
    state = next;
    clearTimeout(timer);
    if (next.session === null) storage.removeItem(KEY);
    else {
      storage.setItem(KEY, next.session.token);
      timer = setTimeout(
        () => {
          end('expired');
        },
        Math.min(next.session.expiresAt - Date.now(), LONGEST_TIMER_MS),
      );
    }
    for (const changed of listeners) changed();
  };
  const end = (ended: Ended): void => {
    become({ session: null, ended });
  };

  /** Begins with a token, or says why it cannot be. */
  const tryToken = (token: string, otherwise: Ended): void => {
    try {
      become({ session: readToken(token, Date.now()) });
    } catch (error) {
      if (!(error instanceof UnreadableToken)) throw error;
      end(otherwise);
    }
  };
  const enter = (fragment: string): boolean => {
    const token = new URLSearchParams(fragment.replace(/^#/, '')).get('token');
    if (token === null) return false;
    removeFragment();
    tryToken(token, 'unreadable-link');
    return true;
  };

  if (!enter(fragment)) {
    const kept = storage.getItem(KEY);
    if (kept !== null) tryToken(kept, 'expired');
  }

  return {
    read: () => state,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    begin(session) {
      become({ session });
    },
    end,
    enter,
  };
}
