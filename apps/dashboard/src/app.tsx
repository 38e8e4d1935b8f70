import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { createApi } from './api/api.js';
import { createQueries } from './api/queries.js';
import { Frame } from './frame/frame.js';
import { Pages } from './frame/pages.js';
import { resolveVariables, theme } from './look.js';
import { SignIn } from './session/sign-in.js';
import type { Ended, SessionStore } from './session/store.js';
import type { Session } from './session/token.js';
import { SignedInContext } from './session/use-session.js';

interface AppProps {
  sessions: SessionStore;
  /** Of the page's Content-Security-Policy, for styles. */
  nonce: string | undefined;
}

/** The whole page: the way in, or what is behind it. */
export function App({ sessions, nonce }: AppProps) {
  const state = useSyncExternalStore(sessions.subscribe, sessions.read);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      defaultColorScheme="auto"
      {...(nonce === undefined ? {} : { getStyleNonce: () => nonce })}
    >
      {/* Over the header: what one presses next is not below it. */}
      <Notifications position="top-center" />
      {state.session === null ? (
        <SignIn ended={state.ended} onSignIn={sessions.begin} />
      ) : (
        <Inside key={state.session.token} session={state.session} sessions={sessions} />
      )}
    </MantineProvider>
  );
}

function Inside({ session, sessions }: { session: Session; sessions: SessionStore }) {
  // Of this token alone: whoever signs in next must not see what this one asked for.
  const parts = useMemo(
    () => ({
      queries: createQueries(() => {
        sessions.end('refused');
      }),
      signedIn: {
        ...session,
        api: createApi(session.token),
        signOut: (why: Ended = 'signed-out') => {
          sessions.end(why);
        },
      },
    }),
    [session, sessions],
  );
  return (
    <QueryClientProvider client={parts.queries}>
      <SignedInContext value={parts.signedIn}>
        <Frame>
          <Pages />
        </Frame>
      </SignedInContext>
    </QueryClientProvider>
  );
}
