import { Button, Menu } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { ArchiveTypeDialog } from './archive-type-dialog.js';
import { DefaultVersionDialog } from './default-version-dialog.js';
import { DeprecateTypeDialog } from './deprecate-type-dialog.js';
import type { EventType } from './event-types-api.js';
import { editPath } from './paths.js';
import { useRestoreType } from './use-restore-type.js';
import { useUndeprecateType } from './use-undeprecate-type.js';

type OpenDialog = 'default' | 'deprecate' | 'archive' | 'archive-version' | null;

/** The buttons and the menu of a type's page, for callers who may write event types. */
export function TypeActions({ eventType }: { eventType: EventType }) {
  const [openDialog, setOpenDialog] = useState<OpenDialog>(null);
  const restore = useRestoreType(eventType);
  const undeprecate = useUndeprecateType(eventType.type);
  const { type, version, versions, default_version: defaultVersion } = eventType;
  const close = (): void => {
    setOpenDialog(null);
  };
  const opener = (dialog: OpenDialog) => (): void => {
    setOpenDialog(dialog);
  };
  if (eventType.archived_at !== null || !versions.includes(version)) {
    return (
      <Button
        loading={restore.isPending}
        onClick={() => {
          restore.mutate();
        }}
      >
        {eventType.archived_at === null ? `Restore version ${String(version)}` : 'Restore'}
      </Button>
    );
  }
  const isDefault = version === defaultVersion;
  return (
    <>
      <Button variant="default" component={Link} href={editPath(type, 'edit', version)}>
        Edit
      </Button>
      <Button variant="default" component={Link} href={editPath(type, 'new-version', version)}>
        New version
      </Button>
      {!isDefault && (
        <Button variant="default" onClick={opener('default')}>
          Make default
        </Button>
      )}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button variant="default">More …</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {eventType.deprecated_at === null ? (
            <Menu.Item onClick={opener('deprecate')}>Deprecate …</Menu.Item>
          ) : (
            <>
              <Menu.Item onClick={opener('deprecate')}>Change the replacement …</Menu.Item>
              <Menu.Item
                onClick={() => {
                  undeprecate.mutate();
                }}
              >
                Undo the deprecation
              </Menu.Item>
            </>
          )}
          <Menu.Divider />
          {!isDefault && (
            <Menu.Item color="red" onClick={opener('archive-version')}>
              Archive version {version} …
            </Menu.Item>
          )}
          <Menu.Item color="red" onClick={opener('archive')}>
            {versions.length > 1 ? 'Archive all versions …' : 'Archive …'}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {openDialog === 'default' && <DefaultVersionDialog eventType={eventType} onClose={close} />}
      {openDialog === 'deprecate' && <DeprecateTypeDialog eventType={eventType} onClose={close} />}
      {openDialog === 'archive' && <ArchiveTypeDialog eventType={eventType} onClose={close} />}
      {openDialog === 'archive-version' && <ArchiveTypeDialog eventType={eventType} version={version} onClose={close} />}
    </>
  );
}
