import { Autocomplete, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem } from '../api/api.js';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { deprecateEventType, type EventType } from './event-types-api.js';
import { useEventTypeSearch, useRefreshCatalog } from './queries.js';

const DEBOUNCE_MS = 300;

/** Marks a type as deprecated, and names the type that replaces it. */
export function DeprecateTypeDialog({ eventType, onClose }: { eventType: EventType; onClose: () => void }) {
  const { api } = useSession();
  const refresh = useRefreshCatalog();
  const { type } = eventType;
  const [replacedBy, setReplacedBy] = useState(eventType.replaced_by ?? '');
  const [search] = useDebouncedValue(replacedBy.trim(), DEBOUNCE_MS);
  const found = useEventTypeSearch(search);
  const deprecate = useMutation({
    mutationFn: () => deprecateEventType(api, type, { replaced_by: replacedBy.trim() === '' ? null : replacedBy.trim() }),
    onSuccess: async () => {
      notifySuccess(`${type} is deprecated.`);
      onClose();
      await refresh();
    },
  });
  const fieldError = deprecate.error instanceof ApiProblem ? deprecate.error.fieldErrors['replaced_by'] : undefined;
  return (
    <ConfirmDialog
      opened
      title={eventType.deprecated_at === null ? 'Deprecate this event type?' : 'Change the replacement'}
      confirmLabel={eventType.deprecated_at === null ? 'Deprecate' : 'Save'}
      busy={deprecate.isPending}
      error={fieldError === undefined ? deprecate.error : null}
      onConfirm={() => {
        deprecate.mutate();
      }}
      onClose={onClose}
    >
      <Text size="sm" className="break-anywhere">
        Everybody who looks at <strong>{type}</strong> sees that it should no longer be used. Tidings still accepts and delivers
        its events, and you can undo this.
      </Text>
      <Autocomplete
        label="Replaced by"
        description="The event type to use instead. Empty: none."
        data={(found.data ?? []).map((one) => one.type).filter((one) => one !== type)}
        filter={({ options }) => options}
        value={replacedBy}
        onChange={(value) => {
          setReplacedBy(value);
          deprecate.reset();
        }}
        error={fieldError}
      />
    </ConfirmDialog>
  );
}
