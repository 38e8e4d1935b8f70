import { createClient, StreamError, type StreamGap } from '@tidings/client';
import { useEffect, useReducer } from 'react';
import { useSession } from '../session/use-session.js';
import { NOTHING, withNewer, type Arrival, type Recent } from './recent.js';

/** How the connection is. */
export type Line =
  { state: 'connecting' } | { state: 'live' } | { state: 'waiting'; reason: string } | { state: 'ended'; reason: string };

interface Followed {
  line: Line;
  recent: Recent;
  /** What came while the list was paused, oldest first; null: it is not. */
  held: readonly Arrival[] | null;
  /** The log did not have what was to follow. */
  gap: StreamGap | null;
}

type Happening =
  | { kind: 'line'; line: Line }
  | { kind: 'arrivals'; arrivals: readonly Arrival[] }
  | { kind: 'gap'; gap: StreamGap }
  | { kind: 'pause' | 'go-on' | 'clear' };

/** The list stays short enough for any browser. */
const KEPT = 300;
/** Waits are short: somebody looks on. */
const MAX_WAIT_MS = 5000;
/** Many events at once are shown at once. */
const BATCH_MS = 100;

function follow(followed: Followed, happening: Happening): Followed {
  const { recent, held } = followed;
  switch (happening.kind) {
    case 'line':
      return { ...followed, line: happening.line };
    case 'gap':
      return { ...followed, gap: happening.gap };
    case 'arrivals':
      return held === null
        ? { ...followed, recent: withNewer(recent, happening.arrivals, KEPT) }
        : { ...followed, held: [...held, ...happening.arrivals] };
    case 'pause':
      return { ...followed, held: held ?? [] };
    case 'go-on':
      return { ...followed, recent: withNewer(recent, held ?? [], KEPT), held: null };
    case 'clear':
      return { ...followed, recent: NOTHING, held: held === null ? null : [], gap: null };
  }
}

/**
 * Follows the caller's stream from now on, as long as it is shown. After a lost connection the client goes on behind the
 * last event that it had: nothing is missing, and nothing comes twice.
 *
 * @param audience `all`: everybody's events, for operators
 */
export function useStream(audience: 'own' | 'all') {
  const { token, signOut } = useSession();
  const [followed, happen] = useReducer(follow, { line: { state: 'connecting' }, recent: NOTHING, held: null, gap: null });

  useEffect(() => {
    const leave = new AbortController();
    let arrived: Arrival[] = [];
    const show = (): void => {
      if (arrived.length > 0) happen({ kind: 'arrivals', arrivals: arrived });
      arrived = [];
    };
    const timer = setInterval(show, BATCH_MS);
    const client = createClient({
      url: window.location.origin,
      token: () => token,
      // The client tells when a connection is lost; that there is one, its answer tells.
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (response.ok && !leave.signal.aborted) happen({ kind: 'line', line: { state: 'live' } });
        return response;
      },
    });
    happen({ kind: 'line', line: { state: 'connecting' } });
    client
      .stream({
        signal: leave.signal,
        audience,
        maxWaitMs: MAX_WAIT_MS,
        onEvent: (event) => void arrived.push({ event, at: Date.now() }),
        onGap: (gap) => {
          happen({ kind: 'gap', gap });
        },
        onReconnect: (_waitMs, error) => {
          happen({
            kind: 'line',
            line: { state: 'waiting', reason: error instanceof StreamError ? error.message : 'The connection is lost.' },
          });
        },
      })
      .catch((error: unknown) => {
        if (error instanceof StreamError && error.status === 401) signOut('refused');
        else happen({ kind: 'line', line: { state: 'ended', reason: error instanceof Error ? error.message : String(error) } });
      });
    return () => {
      leave.abort();
      clearInterval(timer);
    };
  }, [token, audience, signOut]);

  return { ...followed, happen };
}
