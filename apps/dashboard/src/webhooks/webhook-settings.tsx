import { Alert, Button, Group, Paper, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { unwrap, ApiProblem, explainError, type Webhook } from '../api/api.js';
import { notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { checkUrl } from './check-url.js';
import { useRefresh } from './queries.js';
import { bodyOf, draftOf, unmatchedErrors, type WebhookDraft } from './webhook-draft.js';
import { WebhookFields } from './webhook-fields.js';

/** The settings form of a webhook. Refetches do not overwrite unsaved changes. */
export function WebhookSettings({ webhook }: { webhook: Webhook }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const [draft, setDraft] = useState<WebhookDraft>(() => draftOf(webhook));
  const [replaceHeaders, setReplaceHeaders] = useState(webhook.header_names.length === 0);
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const save = useMutation({
    mutationFn: () => {
      // Without stored headers and without new lines, the request leaves the headers out.
      const body = bodyOf(draft, {
        replaceHeaders: replaceHeaders && (draft.headers.length > 0 || webhook.header_names.length > 0),
      });
      return unwrap(api.api.PATCH('/api/webhooks/{id}', { params: { path: { id: webhook.id } }, body }));
    },
    onSuccess: async (saved) => {
      setErrors({});
      setDraft(draftOf(saved));
      setReplaceHeaders(saved.header_names.length === 0);
      notifySuccess('The settings were saved.');
      await refresh();
    },
    onError: (error) => {
      setErrors(error instanceof ApiProblem ? error.fieldErrors : {});
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const urlError = checkUrl(draft.url);
    if (urlError === null) save.mutate();
    else setErrors({ ...errors, url: urlError });
  };
  return (
    <Paper withBorder p="lg" maw={720}>
      <form onSubmit={submit} noValidate aria-label="Settings">
        <Stack>
          {save.isError && (
            <Alert color="red" role="alert" title="The settings could not be saved">
              {[explainError(save.error), ...unmatchedErrors(errors)].join(' ')}
            </Alert>
          )}
          <WebhookFields
            draft={draft}
            errors={errors}
            storedHeaders={webhook.header_names}
            replaceHeaders={replaceHeaders}
            onReplaceHeaders={setReplaceHeaders}
            onChange={(changed) => {
              setDraft({ ...draft, ...changed });
            }}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
