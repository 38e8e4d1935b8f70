import { Text } from '@mantine/core';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import type { BreakingChange } from './breaking-change.js';
import { TypeChanges } from './type-changes.js';

interface BreakingChangeDialogProps {
  breaking: BreakingChange;
  version: number;
  nextVersion: number;
  busy: boolean;
  error: unknown;
  onSaveAsNext: () => void;
  onClose: () => void;
}

/** Says why a version cannot be changed so, and offers to save the definition as the next version. */
export function BreakingChangeDialog({
  breaking,
  version,
  nextVersion,
  busy,
  error,
  onSaveAsNext,
  onClose,
}: BreakingChangeDialogProps) {
  return (
    <ConfirmDialog
      opened
      title={`Version ${String(version)} cannot take this change`}
      confirmLabel={`Save as version ${String(nextVersion)}`}
      busy={busy}
      error={error}
      onConfirm={onSaveAsNext}
      onClose={onClose}
    >
      <Text size="sm">
        Services and receivers rely on version {version}, and the change would break some of them. Nothing was saved. As version{' '}
        {nextVersion} the definition breaks nobody: services publish it when they are ready, and version {version} stays the same.
      </Text>
      <TypeChanges changes={breaking} headingOrder={3} />
    </ConfirmDialog>
  );
}
