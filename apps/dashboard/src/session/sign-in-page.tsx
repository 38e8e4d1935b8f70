import { Alert, Button, Center, Code, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { unwrap, ApiProblem, createApi, explainError } from '../api/api.js';
import { Logo } from '../layout/logo.js';
import type { EndReason } from './session-store.js';
import { readToken, InvalidTokenError, type Session } from './token.js';

/** The message about a session that ended without a sign-out. */
const END_MESSAGES: Partial<Record<EndReason, string>> = {
  expired: 'Your token has expired. Paste a new one to continue.',
  rejected: 'The API no longer accepts your token: it has expired or was revoked. Paste a new one to continue.',
  'invalid-link': 'The link did not contain a valid token. Paste a token instead.',
};

/** Asks for a token and verifies it with an API call before the dashboard opens. */
export function SignInPage({ endReason, onSignIn }: { endReason: EndReason; onSignIn: (session: Session) => void }) {
  const [text, setText] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Tidings';
  }, []);

  const signIn = async (): Promise<void> => {
    setError(null);
    setBusy(true);
    try {
      const session = readToken(text, Date.now());
      await unwrap(createApi(session.token).api.GET('/api/webhooks', { params: { query: { limit: 1 } } }));
      onSignIn(session);
    } catch (cause) {
      if (cause instanceof InvalidTokenError) setError(cause.message);
      else if (cause instanceof ApiProblem && cause.status === 401)
        setError('The API rejected this token: its signature is invalid, it has expired, or it was revoked.');
      else setError(explainError(cause));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    void signIn();
  };

  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={440}>
        <form onSubmit={submit} noValidate>
          <Stack>
            <Group gap="sm">
              <Logo size={36} />
              <Title order={1}>Sign in to Tidings</Title>
            </Group>
            {END_MESSAGES[endReason] && (
              <Alert color="orange" role="status" title="You were signed out">
                {END_MESSAGES[endReason]}
              </Alert>
            )}
            <PasswordInput
              label="Access token"
              description="A JWT from your platform. It is stored only in this tab, until you close it."
              value={text}
              onChange={(event) => {
                setText(event.currentTarget.value);
                setError(null);
              }}
              error={error}
              autoComplete="off"
              spellCheck={false}
              required
              data-autofocus
              visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the token' }}
            />
            <Button type="submit" loading={busy}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              On your own server, <Code>npm start</Code> prints a sign-in link, and <Code>npx tidings token --sub alice</Code>{' '}
              creates a token.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
