import { Text } from '@mantine/core';
import { Page } from './page.js';

/** What an address of the dashboard shows that means nothing. */
export function NoSuchPage() {
  return (
    <Page title="No such page">
      <Text>There is nothing at this address.</Text>
    </Page>
  );
}
