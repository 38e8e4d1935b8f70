import { notifications } from '@mantine/notifications';
import { explainError } from '../api/api.js';

/** Shows a notification that an action succeeded. */
export function notifySuccess(message: string): void {
  notifications.show({ message, color: 'green', role: 'status', closeButtonProps: { 'aria-label': 'Dismiss' } });
}

/** Shows a notification that an action failed, with the reason. */
export function notifyError(title: string, error: unknown): void {
  notifications.show({
    title,
    message: explainError(error),
    color: 'red',
    role: 'alert',
    autoClose: 10_000,
    closeButtonProps: { 'aria-label': 'Dismiss' },
  });
}
