import { notifications } from '@mantine/notifications';
import { explain } from '../api/api.js';

/** Says that something was done, for a moment. */
export function tellDone(message: string): void {
  notifications.show({ message, color: 'green', role: 'status', closeButtonProps: { 'aria-label': 'Dismiss' } });
}

/** Says that something was not done, and why. */
export function tellFailed(title: string, error: unknown): void {
  notifications.show({
    title,
    message: explain(error),
    color: 'red',
    role: 'alert',
    autoClose: 10_000,
    closeButtonProps: { 'aria-label': 'Dismiss' },
  });
}
