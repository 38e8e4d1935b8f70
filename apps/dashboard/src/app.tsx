import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { Router } from 'wouter';
import { createApi } from './api/api.js';
import { createQueryClient } from './api/query-client.js';
import { basePath } from './api/server-values.js';
import { AppLayout } from './layout/app-layout.js';
import { Routes } from './routes.js';
import { OfferDialog } from './session/offer-dialog.js';
import type { EndReason, SessionStore } from './session/session-store.js';
import { SignInPage } from './session/sign-in-page.js';
import type { Session } from './session/token.js';
import { SignedInContext } from './session/use-session.js';
import { resolveVariables, theme } from './theme.js';

interface AppProps {
  sessions: SessionStore;
  /** The nonce for styles, from the Content-Security-Policy of the page. */
  nonce: string | undefined;
}

/** The root component: the sign-in page, or the dashboard of the signed-in user. */
export function App({ sessions, nonce }: AppProps) {
  const state = useSyncExternalStore(sessions.subscribe, sessions.read);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolveVariables}
      defaultColorScheme="auto"
      {...(nonce === undefined ? {} : { getStyleNonce: () => nonce })}
    >
      {/* At the top centre, notifications do not cover the buttons of the page. */}
      <Notifications position="top-center" />
      {state.session === null ? (
        <SignInPage endReason={state.endReason} onSignIn={sessions.begin} />
      ) : (
        <>
          <SignedInApp key={state.session.token} session={state.session} sessions={sessions} />
          <OfferDialog subject={state.session.subject} offered={state.offered} onAnswer={sessions.answerOffer} />
        </>
      )}
    </MantineProvider>
  );
}

function SignedInApp({ session, sessions }: { session: Session; sessions: SessionStore }) {
  // Each token has its own cache, so that the next user does not see the data of this one.
  const parts = useMemo(
    () => ({
      queries: createQueryClient(() => {
        sessions.end('rejected');
      }),
      signedIn: {
        ...session,
        api: createApi(session.token),
        signOut: (reason: EndReason = 'signed-out') => {
          sessions.end(reason);
        },
      },
    }),
    [session, sessions],
  );
  return (
    <QueryClientProvider client={parts.queries}>
      <SignedInContext value={parts.signedIn}>
        <Router base={basePath()}>
          <AppLayout>
            <Routes />
          </AppLayout>
        </Router>
      </SignedInContext>
    </QueryClientProvider>
  );
}
