import { Alert, Button, Group, Paper, Stack } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useRef, useState, type SyntheticEvent } from 'react';
import { Link } from 'wouter';
import { ApiProblem, explainError } from '../api/api.js';
import { BreakingChangeDialog } from './breaking-change-dialog.js';
import { breakingChangeOf } from './breaking-change.js';
import { CheckPanel } from './check-panel.js';
import { otherFaults } from './faults.js';
import { CATALOG_PATH, eventTypePath } from './paths.js';
import { faultsOf, type TypeDraft } from './type-draft.js';
import { TypeFields } from './type-fields.js';
import { faultsIn, useDryRun } from './use-dry-run.js';
import { NAME_IS_TAKEN, useSaveType } from './use-save-type.js';

interface TypeEditorProps {
  initial: TypeDraft;
  /** The version that is written; undefined: the type is new. */
  version: number | undefined;
  /** The version behind the newest one. */
  nextVersion: number;
}

const DEBOUNCE_MS = 400;

/** The form that writes an event type, beside the effect that saving it would have. */
export function TypeEditor({ initial, version, nextVersion }: TypeEditorProps) {
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(initial);
  const [submitted, setSubmitted] = useState(false);
  const [checked] = useDebouncedValue(draft, DEBOUNCE_MS);
  const target = version === undefined ? {} : { version };
  const dryRun = useDryRun(checked, target);
  const save = useSaveType(draft);

  // An empty name is no fault while the user has not submitted the form.
  const ownFaults = faultsOf(checked).filter(({ field }) => field !== 'type' || checked.type !== '' || submitted);
  const isRefused = save.error instanceof ApiProblem && save.error.status < 500 && breakingChangeOf(save.error) === null;
  const saveFaults = isRefused && save.error instanceof ApiProblem ? faultsIn(save.error) : [];
  const verdictFaults = faultsOf(checked).length === 0 ? (dryRun.data?.faults ?? []) : [];
  const effect = dryRun.isPlaceholderData ? null : (dryRun.data?.effect ?? null);
  const taken = version === undefined && effect !== null && effect.creates !== 'type' ? [NAME_IS_TAKEN] : [];
  const faults = saveFaults.length > 0 ? saveFaults : [...ownFaults, ...verdictFaults, ...taken];
  const others = otherFaults(faults, draft.examples.length);
  const breaking = breakingChangeOf(save.error);

  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    setSubmitted(true);
    if (faultsOf(draft).length === 0) save.mutate(target);
    // The faults of the submitted text are shown after the next render.
    else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  return (
    <div className="editor-columns">
      <Paper withBorder p="lg">
        <form ref={form} onSubmit={submit} noValidate aria-label="Event type">
          <Stack>
            {save.isError && breaking === null && (
              <Alert color="red" role="alert" title="The event type could not be saved">
                {explainError(save.error)}
              </Alert>
            )}
            {others.length > 0 && (
              <Alert color="red" title="Correct this first" className="alert keep-lines">
                {others.join('\n')}
              </Alert>
            )}
            <TypeFields
              draft={draft}
              faults={faults}
              version={version}
              onChange={(changed) => {
                setDraft({ ...draft, ...changed });
                if (save.isError) save.reset();
              }}
            />
            <Group justify="flex-end">
              <Button component={Link} href={version === undefined ? CATALOG_PATH : eventTypePath(draft.type)} variant="default">
                Cancel
              </Button>
              <Button type="submit" loading={save.isPending}>
                {version === undefined ? 'Create' : `Save version ${String(version)}`}
              </Button>
            </Group>
          </Stack>
        </form>
      </Paper>
      <CheckPanel
        draft={checked}
        version={version ?? 1}
        faultCount={faults.length}
        isReady={faultsOf(checked).length === 0}
        isChecking={dryRun.isFetching || checked !== draft}
        error={dryRun.error}
        effect={dryRun.data?.effect ?? null}
      />
      {breaking !== null && version !== undefined && (
        <BreakingChangeDialog
          breaking={breaking}
          version={version}
          nextVersion={nextVersion}
          busy={save.isPending}
          error={null}
          onSaveAsNext={() => {
            save.mutate({ version: nextVersion });
          }}
          onClose={() => {
            save.reset();
          }}
        />
      )}
    </div>
  );
}
