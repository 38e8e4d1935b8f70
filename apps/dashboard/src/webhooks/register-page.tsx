import { Alert, Button, Group, Paper, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Link } from 'wouter';
import { answerTo, ApiProblem, explain } from '../api/api.js';
import { Page } from '../frame/page.js';
import { useSession } from '../session/use-session.js';
import { Loaded } from '../shown/waiting.js';
import { checkUrl } from './check-url.js';
import { bodyOf, NEW_DRAFT, otherMistakes, type Draft } from './draft.js';
import { Fields } from './fields.js';
import { useCatalog, useRefresh } from './queries.js';
import { SecretShown } from './secret-shown.js';

const UP = { to: '/', label: 'Webhooks' };

/** Registers a webhook, and shows its secret, once. */
export function RegisterPage() {
  const { api } = useSession();
  const catalog = useCatalog();
  const refresh = useRefresh();
  const [draft, setDraft] = useState<Draft>(NEW_DRAFT);
  const [mistakes, setMistakes] = useState<Readonly<Record<string, string>>>({});
  const register = useMutation({
    mutationFn: () => answerTo(api.api.POST('/api/webhooks', { body: bodyOf(draft, { replaceHeaders: true }) })),
    onSuccess: () => refresh(),
    onError: (error) => {
      setMistakes(error instanceof ApiProblem ? error.fields : {});
    },
  });

  if (register.data) {
    const { id, url, secret } = register.data;
    return (
      <Page key="registered" title="Your webhook is registered" up={UP}>
        <SecretShown secret={secret} url={url} />
        <Group>
          <Button component={Link} href={`/webhooks/${id}`}>
            Go to the webhook
          </Button>
        </Group>
      </Page>
    );
  }

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const mistake = checkUrl(draft.url);
    if (mistake === null) register.mutate();
    else setMistakes({ ...mistakes, url: mistake });
  };
  const others = otherMistakes(mistakes);
  return (
    <Page title="Register a webhook" up={UP}>
      <Loaded what="catalog" query={catalog}>
        {(types) => (
          <Paper withBorder p="lg" maw={720}>
            <form onSubmit={submit} noValidate>
              <Stack>
                {register.isError && (
                  <Alert color="red" role="alert" title="It is not registered">
                    {[explain(register.error), ...others].join(' ')}
                  </Alert>
                )}
                <Fields
                  draft={draft}
                  mistakes={mistakes}
                  catalog={types}
                  replaceHeaders
                  onChange={(changed) => {
                    setDraft({ ...draft, ...changed });
                    if (changed.url !== undefined) setMistakes(without(mistakes, 'url'));
                  }}
                />
                <Group justify="flex-end">
                  <Button component={Link} href="/" variant="default">
                    Cancel
                  </Button>
                  <Button type="submit" loading={register.isPending}>
                    Register
                  </Button>
                </Group>
              </Stack>
            </form>
          </Paper>
        )}
      </Loaded>
    </Page>
  );
}

function without(mistakes: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(mistakes).filter(([field]) => field !== name));
}
