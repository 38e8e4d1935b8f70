import { Alert, Button, SimpleGrid, Text } from '@mantine/core';
import { Link } from 'wouter';
import { explain } from '../api/api.js';
import { Page } from '../frame/page.js';
import { Empty, Loaded } from '../shown/waiting.js';
import { useStats, useWebhooks } from './queries.js';
import { WebhookCard } from './webhook-card.js';

/** The caller's webhooks, and how each of them is. */
export function ListPage() {
  const webhooks = useWebhooks();
  const stats = useStats();
  return (
    <Page
      title="Webhooks"
      actions={
        <Button component={Link} href="/webhooks/new">
          Register a webhook
        </Button>
      }
    >
      {stats.isError && webhooks.isSuccess && (
        <Alert color="orange" title="There are no figures for now">
          {explain(stats.error)}
        </Alert>
      )}
      <Loaded what="webhooks" query={webhooks}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No webhook yet">
              <Text size="sm" c="dimmed">
                Register a URL, and the events that are for you are sent there, signed, until they arrive.
              </Text>
              <Button component={Link} href="/webhooks/new" mt="xs">
                Register your first webhook
              </Button>
            </Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              {list.map((webhook) => (
                <WebhookCard key={webhook.id} webhook={webhook} stats={stats.data?.get(webhook.id)} />
              ))}
            </SimpleGrid>
          )
        }
      </Loaded>
    </Page>
  );
}
