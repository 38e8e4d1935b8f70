import { Alert, Button, Group, Paper, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Link } from 'wouter';
import { unwrap, ApiProblem, explainError } from '../api/api.js';
import { Page } from '../layout/page.js';
import { useSession } from '../session/use-session.js';
import { checkUrl } from './check-url.js';
import { NewSecret } from './new-secret.js';
import { useRefresh } from './queries.js';
import { bodyOf, NEW_DRAFT, unmatchedErrors, type WebhookDraft } from './webhook-draft.js';
import { WebhookFields } from './webhook-fields.js';

const PARENT = { to: '/', label: 'Webhooks' };

/** Registers a webhook and shows its secret once. */
export function RegisterPage() {
  const { api } = useSession();
  const refresh = useRefresh();
  const [draft, setDraft] = useState<WebhookDraft>(NEW_DRAFT);
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const register = useMutation({
    mutationFn: () => unwrap(api.api.POST('/api/webhooks', { body: bodyOf(draft, { replaceHeaders: true }) })),
    onSuccess: () => refresh(),
    onError: (error) => {
      setErrors(error instanceof ApiProblem ? error.fieldErrors : {});
    },
  });

  if (register.data) {
    const { id, url, secret } = register.data;
    return (
      <Page key="registered" title="Webhook registered" parent={PARENT}>
        <NewSecret secret={secret} url={url} />
        <Group>
          <Button component={Link} href={`/webhooks/${id}`}>
            Open webhook
          </Button>
        </Group>
      </Page>
    );
  }

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const urlError = checkUrl(draft.url);
    if (urlError === null) register.mutate();
    else setErrors({ ...errors, url: urlError });
  };
  const unmatched = unmatchedErrors(errors);
  return (
    <Page title="Register a webhook" parent={PARENT}>
      <Paper withBorder p="lg" maw={720}>
        <form onSubmit={submit} noValidate>
          <Stack>
            {register.isError && (
              <Alert color="red" role="alert" title="The webhook could not be registered">
                {[explainError(register.error), ...unmatched].join(' ')}
              </Alert>
            )}
            <WebhookFields
              draft={draft}
              errors={errors}
              replaceHeaders
              onChange={(changed) => {
                setDraft({ ...draft, ...changed });
                if (changed.url !== undefined) setErrors(without(errors, 'url'));
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
    </Page>
  );
}

function without(errors: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(errors).filter(([field]) => field !== name));
}
