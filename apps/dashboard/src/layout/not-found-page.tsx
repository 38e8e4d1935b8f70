import { Text } from '@mantine/core';
import { Page } from './page.js';

/** The page for an unknown address. */
export function NotFoundPage() {
  return (
    <Page title="Page not found">
      <Text>There is no page at this address.</Text>
    </Page>
  );
}
