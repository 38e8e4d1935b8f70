import { Alert, Button, SimpleGrid, Text } from '@mantine/core';
import { Link } from 'wouter';
import { explainError } from '../api/api.js';
import { EmptyState } from '../components/empty-state.js';
import { QueryResult } from '../components/query-result.js';
import { Page } from '../layout/page.js';
import { useStats, useWebhooks } from './queries.js';
import { WebhookCard } from './webhook-card.js';

/** The webhooks of the signed-in user with their states and statistics. */
export function WebhookListPage() {
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
        <Alert color="orange" title="The statistics could not be loaded">
          {explainError(stats.error)}
        </Alert>
      )}
      <QueryResult name="webhooks" query={webhooks}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title="No webhooks yet">
              <Text size="sm" c="dimmed">
                Register a URL to receive your events as signed requests. Tidings retries failed deliveries.
              </Text>
              <Button component={Link} href="/webhooks/new" mt="xs">
                Register your first webhook
              </Button>
            </EmptyState>
          ) : (
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              {list.map((webhook) => (
                <WebhookCard key={webhook.id} webhook={webhook} stats={stats.data?.get(webhook.id)} />
              ))}
            </SimpleGrid>
          )
        }
      </QueryResult>
    </Page>
  );
}
