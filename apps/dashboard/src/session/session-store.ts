import { readToken, InvalidTokenError, type Session } from './token.js';

/** The reason why the session ended. */
export type EndReason = 'none' | 'signed-out' | 'expired' | 'rejected' | 'invalid-link';

/** The session, or the reason why there is none. */
export type SessionState = { session: Session } | { session: null; endReason: EndReason };

/** The session of this tab, in the form that React's `useSyncExternalStore` needs. */
export interface SessionStore {
  read: () => SessionState;
  subscribe: (listener: () => void) => () => void;
  begin: (session: Session) => void;
  end: (reason: EndReason) => void;
  /** Signs in if the fragment of the address holds a token (`#token=…`). */
  signInFromLink: (fragment: string) => void;
}

interface SessionStoreOptions {
  /** The storage of the tab (`sessionStorage`), which the browser clears when the tab is closed. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** The part of the address after the `#`. */
  fragment: string;
  /** Removes the fragment from the address and the history, so that no other code sees the token. */
  removeFragment: () => void;
}

const KEY = 'tidings.token';
/** The longest delay of `setTimeout`: 2^31 - 1 milliseconds. */
const MAX_TIMER_MS = 2_147_483_647;

/** Keeps the session of the tab. A token in a link (`#token=…`) takes precedence over the stored one. */
export function createSessionStore({ storage, fragment, removeFragment }: SessionStoreOptions): SessionStore {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let state: SessionState = { session: null, endReason: 'none' };

  const setState = (next: SessionState): void => {
    state = next;
    clearTimeout(timer);
    if (next.session === null) storage.removeItem(KEY);
    else {
      storage.setItem(KEY, next.session.token);
      timer = setTimeout(
        () => {
          end('expired');
        },
        Math.min(next.session.expiresAt - Date.now(), MAX_TIMER_MS),
      );
    }
    for (const listener of listeners) listener();
  };
  const end = (endReason: EndReason): void => {
    setState({ session: null, endReason });
  };

  /** Begins a session with the token, or ends with `reasonIfInvalid`. */
  const tryToken = (token: string, reasonIfInvalid: EndReason): void => {
    try {
      setState({ session: readToken(token, Date.now()) });
    } catch (error) {
      if (!(error instanceof InvalidTokenError)) throw error;
      end(reasonIfInvalid);
    }
  };
  const signInFromLink = (fragment: string): boolean => {
    const token = new URLSearchParams(fragment.replace(/^#/, '')).get('token');
    if (token === null) return false;
    removeFragment();
    tryToken(token, 'invalid-link');
    return true;
  };

  if (!signInFromLink(fragment)) {
    const storedToken = storage.getItem(KEY);
    if (storedToken !== null) tryToken(storedToken, 'expired');
  }

  return {
    read: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    begin(session) {
      setState({ session });
    },
    end,
    signInFromLink,
  };
}
