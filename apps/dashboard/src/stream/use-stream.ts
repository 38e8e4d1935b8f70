import { createClient, StreamError, type StreamGap } from '@tidings/client';
import { useEffect, useReducer } from 'react';
import { apiUrl } from '../api/server-values.js';
import { useSession } from '../session/use-session.js';
import { NO_EVENTS, addEvents, type ReceivedEvent, type RecentEvents } from './recent-events.js';

/** The state of the connection to the stream. */
export type Connection =
  { state: 'connecting' } | { state: 'live' } | { state: 'reconnecting'; reason: string } | { state: 'ended'; reason: string };

interface StreamState {
  connection: Connection;
  recent: RecentEvents;
  /** Events received while the list is paused, oldest first; null: the list is not paused. */
  held: readonly ReceivedEvent[] | null;
  /** Set when the event log no longer has the event from which the stream should have resumed. */
  gap: StreamGap | null;
}

type StreamAction =
  | { type: 'connection'; connection: Connection }
  | { type: 'events'; events: readonly ReceivedEvent[] }
  | { type: 'gap'; gap: StreamGap }
  | { type: 'pause' | 'resume' | 'clear' };

/** A longer list would make the page slow. */
const MAX_EVENTS = 300;
/** The longest wait between reconnects. It is short because a person is watching. */
const MAX_WAIT_MS = 5000;
/** Events of the same interval are rendered together. */
const RENDER_INTERVAL_MS = 100;

function reduce(state: StreamState, action: StreamAction): StreamState {
  const { recent, held } = state;
  switch (action.type) {
    case 'connection':
      return { ...state, connection: action.connection };
    case 'gap':
      return { ...state, gap: action.gap };
    case 'events':
      return held === null
        ? { ...state, recent: addEvents(recent, action.events, MAX_EVENTS) }
        : { ...state, held: [...held, ...action.events] };
    case 'pause':
      return { ...state, held: held ?? [] };
    case 'resume':
      return { ...state, recent: addEvents(recent, held ?? [], MAX_EVENTS), held: null };
    case 'clear':
      return { ...state, recent: NO_EVENTS, held: held === null ? null : [], gap: null };
  }
}

/**
 * Subscribes to the live stream while the component is mounted. After a lost connection the client resumes after the last
 * event that it received, without gaps or duplicates.
 *
 * @param audience `own`: the events of the signed-in user; `all`: the events of all owners, for operators
 */
export function useStream(audience: 'own' | 'all') {
  const { token, signOut } = useSession();
  const [state, dispatch] = useReducer(reduce, { connection: { state: 'connecting' }, recent: NO_EVENTS, held: null, gap: null });

  useEffect(() => {
    const abort = new AbortController();
    let pending: ReceivedEvent[] = [];
    const flush = (): void => {
      if (pending.length > 0) dispatch({ type: 'events', events: pending });
      pending = [];
    };
    const timer = setInterval(flush, RENDER_INTERVAL_MS);
    const client = createClient({
      url: apiUrl(),
      token: () => token,
      // The client reports lost connections only. A successful response shows that the stream is connected.
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (response.ok && !abort.signal.aborted) dispatch({ type: 'connection', connection: { state: 'live' } });
        return response;
      },
    });
    dispatch({ type: 'connection', connection: { state: 'connecting' } });
    client
      .stream({
        signal: abort.signal,
        audience,
        maxWaitMs: MAX_WAIT_MS,
        onEvent: (event) => void pending.push({ event, receivedAt: Date.now() }),
        onGap: (gap) => {
          dispatch({ type: 'gap', gap });
        },
        onReconnect: (_waitMs, error) => {
          dispatch({
            type: 'connection',
            connection: {
              state: 'reconnecting',
              reason: error instanceof StreamError ? error.message : 'The connection was lost.',
            },
          });
        },
      })
      .catch((error: unknown) => {
        if (error instanceof StreamError && error.status === 401) signOut('rejected');
        else
          dispatch({
            type: 'connection',
            connection: { state: 'ended', reason: error instanceof Error ? error.message : String(error) },
          });
      });
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [token, audience, signOut]);

  return { ...state, dispatch };
}
