import { Alert, Button, Group, Paper, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { answerTo, ApiProblem, explain, type EventType, type Webhook } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { tellDone } from '../shown/tell.js';
import { checkUrl } from './check-url.js';
import { bodyOf, draftOf, otherMistakes, type Draft } from './draft.js';
import { Fields } from './fields.js';
import { useRefresh } from './queries.js';

/** A webhook's settings, to change. What is typed stays until it is saved, whatever comes in meanwhile. */
export function Settings({ webhook, catalog }: { webhook: Webhook; catalog: readonly EventType[] }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const [draft, setDraft] = useState<Draft>(() => draftOf(webhook));
  const [replaceHeaders, setReplaceHeaders] = useState(webhook.header_names.length === 0);
  const [mistakes, setMistakes] = useState<Readonly<Record<string, string>>>({});
  const save = useMutation({
    mutationFn: () => {
      // Headers that nobody wrote are left as they are.
      const body = bodyOf(draft, {
        replaceHeaders: replaceHeaders && (draft.headers.length > 0 || webhook.header_names.length > 0),
      });
      return answerTo(api.api.PATCH('/api/webhooks/{id}', { params: { path: { id: webhook.id } }, body }));
    },
    onSuccess: async (saved) => {
      setMistakes({});
      setDraft(draftOf(saved));
      setReplaceHeaders(saved.header_names.length === 0);
      tellDone('The settings are saved.');
      await refresh();
    },
    onError: (error) => {
      setMistakes(error instanceof ApiProblem ? error.fields : {});
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const mistake = checkUrl(draft.url);
    if (mistake === null) save.mutate();
    else setMistakes({ ...mistakes, url: mistake });
  };
  return (
    <Paper withBorder p="lg" maw={720}>
      <form onSubmit={submit} noValidate aria-label="Settings">
        <Stack>
          {save.isError && (
            <Alert color="red" role="alert" title="Nothing was changed">
              {[explain(save.error), ...otherMistakes(mistakes)].join(' ')}
            </Alert>
          )}
          <Fields
            draft={draft}
            mistakes={mistakes}
            catalog={catalog}
            headersNow={webhook.header_names}
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
