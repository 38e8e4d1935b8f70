import { Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { notifySuccess } from '../components/notify.js';
import { QueryResult } from '../components/query-result.js';
import { useSession } from '../session/use-session.js';
import { tryEventType, writeEventType, type EventType } from './event-types-api.js';
import { useRefreshCatalog } from './queries.js';
import { bodyOf, draftOf } from './type-draft.js';
import { TypeChanges } from './type-changes.js';

/** Makes a version the default after showing what that changes, for whom. */
export function DefaultVersionDialog({ eventType, onClose }: { eventType: EventType; onClose: () => void }) {
  const { api } = useSession();
  const refresh = useRefreshCatalog();
  const { type, version, default_version: defaultVersion } = eventType;
  const body = bodyOf(draftOf(eventType), { version, default: true });
  const effect = useQuery({
    queryKey: ['event-types', 'dry-run', type, body],
    queryFn: ({ signal }) => tryEventType(api, type, body, signal),
    gcTime: 0,
  });
  const makeDefault = useMutation({
    mutationFn: () => writeEventType(api, type, body),
    onSuccess: async () => {
      notifySuccess(`Version ${String(version)} is the default.`);
      onClose();
      await refresh();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Make version ${String(version)} the default?`}
      confirmLabel="Make default"
      busy={makeDefault.isPending}
      error={makeDefault.error}
      onConfirm={() => {
        makeDefault.mutate();
      }}
      onClose={onClose}
    >
      <Text size="sm">
        Services that name no version publish version {version} from then on instead of version {defaultVersion}. Webhooks and
        live streams that name no version get all versions up to {version}.
      </Text>
      <QueryResult name="changes" query={effect}>
        {(changes) => <TypeChanges changes={changes} headingOrder={3} />}
      </QueryResult>
    </ConfirmDialog>
  );
}
