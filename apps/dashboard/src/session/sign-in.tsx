import { Alert, Button, Center, Code, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { answerTo, ApiProblem, createApi, explain } from '../api/api.js';
import { Logo } from '../frame/logo.js';
import type { Ended } from './store.js';
import { readToken, UnreadableToken, type Session } from './token.js';

/** What to tell somebody who comes back here without having asked to. */
const WHY: Partial<Record<Ended, string>> = {
  expired: 'Your token has expired. Paste a new one to go on.',
  refused: 'The API no longer takes your token: it has expired or was revoked. Paste a new one to go on.',
  'unreadable-link': 'The link held no token that can still be used. Paste one instead.',
};

/** The way in: a token, which the API is asked about before anything is shown. */
export function SignIn({ ended, onSignIn }: { ended: Ended; onSignIn: (session: Session) => void }) {
  const [text, setText] = useState('');
  const [mistake, setMistake] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Tidings';
  }, []);

  const signIn = async (): Promise<void> => {
    setMistake(null);
    setBusy(true);
    try {
      const session = readToken(text, Date.now());
      await answerTo(createApi(session.token).api.GET('/api/webhooks', { params: { query: { limit: 1 } } }));
      onSignIn(session);
    } catch (error) {
      if (error instanceof UnreadableToken) setMistake(error.message);
      else if (error instanceof ApiProblem && error.status === 401)
        setMistake('The API does not take this token: it is not signed for it, has expired, or was revoked.');
      else setMistake(explain(error));
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
            {WHY[ended] && (
              <Alert color="orange" role="status" title="You were signed out">
                {WHY[ended]}
              </Alert>
            )}
            <PasswordInput
              label="Access token"
              description="A JWT from your platform. It stays in this tab, and is forgotten when you close it."
              value={text}
              onChange={(event) => {
                setText(event.currentTarget.value);
                setMistake(null);
              }}
              error={mistake}
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
              On a Tidings of your own, <Code>npm start</Code> prints a link that signs you in, and{' '}
              <Code>npx tidings token --sub alice</Code> makes a token.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
