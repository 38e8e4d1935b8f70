import { readToken, InvalidTokenError, type Session } from './token.js';

/** The reason why the session ended. */
export type EndReason = 'none' | 'signed-out' | 'expired' | 'rejected' | 'invalid-link';

/**
 * The session, or the reason why there is none. `offered` is the session of a link that was opened while another one runs: whoever
 * made the link would otherwise read what the user enters next.
 */
export type SessionState = { session: Session; offered: Session | null } | { session: null; endReason: EndReason };

/** The session of this tab, in the form that React's `useSyncExternalStore` needs. */
export interface SessionStore {
  read: () => SessionState;
  subscribe: (listener: () => void) => () => void;
  begin: (session: Session) => void;
  end: (reason: EndReason) => void;
  /** Signs in if the fragment of the address holds a token (`#token=…`); while another session runs, the new one is offered. */
  signInFromLink: (fragment: string) => void;
  /** Begins the offered session instead of the running one, or forgets it. */
  answerOffer: (accepted: boolean) => void;
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

/** Keeps the session of the tab. */
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

  const read = (token: string): Session | null => {
    try {
      return readToken(token, Date.now());
    } catch (error) {
      if (error instanceof InvalidTokenError) return null;
      throw error;
    }
  };
  const begin = (session: Session): void => {
    setState({ session, offered: null });
  };
  const signInFromLink = (fragment: string): void => {
    const token = new URLSearchParams(fragment.replace(/^#/, '')).get('token');
    if (token === null) return;
    removeFragment();
    const session = read(token);
    if (state.session === null) {
      if (session) begin(session);
      else end('invalid-link');
    } else if (session && session.token !== state.session.token) setState({ session: state.session, offered: session });
  };

  const storedToken = storage.getItem(KEY);
  if (storedToken !== null) {
    const session = read(storedToken);
    if (session) begin(session);
    else end('expired');
  }
  signInFromLink(fragment);

  return {
    read: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    begin,
    end,
    signInFromLink,
    answerOffer(accepted) {
      if (state.session === null || state.offered === null) return;
      begin(accepted ? state.offered : state.session);
    },
  };
}
