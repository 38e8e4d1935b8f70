import { Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'wouter';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { notifySuccess } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { archiveEventType, type EventType } from './event-types-api.js';
import { CATALOG_PATH, eventTypePath } from './paths.js';
import { useRefreshCatalog } from './queries.js';

interface ArchiveTypeDialogProps {
  eventType: EventType;
  /** The version to archive; undefined: the type with all its versions. */
  version?: number;
  onClose: () => void;
}

/** Archives a type or one of its versions after confirmation. */
export function ArchiveTypeDialog({
  eventType: { type, default_version: defaultVersion },
  version,
  onClose,
}: ArchiveTypeDialogProps) {
  const { api } = useSession();
  const [, navigate] = useLocation();
  const refresh = useRefreshCatalog();
  const name = version === undefined ? type : `Version ${String(version)} of ${type}`;
  const archive = useMutation({
    mutationFn: () => archiveEventType(api, type, version),
    onSuccess: async () => {
      notifySuccess(`${name} is archived.`);
      navigate(version === undefined ? CATALOG_PATH : eventTypePath(type));
      await refresh();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={version === undefined ? 'Archive this event type?' : `Archive version ${String(version)}?`}
      confirmLabel="Archive"
      destructive
      busy={archive.isPending}
      error={archive.error}
      onConfirm={() => {
        archive.mutate();
      }}
      onClose={onClose}
    >
      <Text size="sm" className="break-anywhere">
        Tidings refuses new events of{' '}
        {version === undefined ? (
          <strong>{type}</strong>
        ) : (
          <>
            <strong>version {version}</strong> from then on: services can publish version {defaultVersion}
          </>
        )}
        . Events that were accepted before stay readable and are still delivered. You can restore{' '}
        {version === undefined ? 'the type: the list shows it with the switch “Archived”' : 'the version later'}.
      </Text>
    </ConfirmDialog>
  );
}
