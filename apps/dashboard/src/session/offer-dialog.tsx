import { Text } from '@mantine/core';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import type { Session } from './token.js';

interface OfferDialogProps {
  /** The signed-in user. */
  subject: string;
  /** The session of a link that was opened meanwhile; null: none. */
  offered: Session | null;
  onAnswer: (accepted: boolean) => void;
}

/** Asks whether a link may replace the session that runs. */
export function OfferDialog({ subject, offered, onAnswer }: OfferDialogProps) {
  return (
    <ConfirmDialog
      opened={offered !== null}
      title="Switch to another session?"
      confirmLabel="Switch"
      busy={false}
      error={null}
      onConfirm={() => {
        onAnswer(true);
      }}
      onClose={() => {
        onAnswer(false);
      }}
    >
      <Text size="sm">
        A link was opened that signs in as “{offered?.subject}”. You are signed in as “{subject}”. Switch only if you trust who
        gave you the link: what you enter afterwards belongs to that account.
      </Text>
    </ConfirmDialog>
  );
}
