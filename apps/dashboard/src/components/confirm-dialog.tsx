import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { explainError } from '../api/api.js';

interface ConfirmDialogProps {
  opened: boolean;
  title: string;
  confirmLabel: string;
  /** Whether the confirm button is red. */
  destructive?: boolean;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
  /** A button for something else to do instead, beside the other two. Default: none. */
  alternative?: ReactNode;
  children: ReactNode;
}

/** Asks for confirmation of an action that is irreversible or affects others. */
export function ConfirmDialog({
  opened,
  title,
  confirmLabel,
  destructive = false,
  busy,
  error,
  onConfirm,
  onClose,
  alternative,
  children,
}: ConfirmDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      centered
      // Three buttons fit into one line.
      size={alternative ? 'lg' : 'md'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        {children}
        {error !== null && error !== undefined && (
          <Text c="var(--mantine-color-error)" size="sm" role="alert">
            {explainError(error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          {alternative}
          <Button {...(destructive ? { color: 'red.8' } : {})} onClick={onConfirm} loading={busy}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
