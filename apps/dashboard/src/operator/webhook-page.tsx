import { Alert, Anchor, Paper, Title } from '@mantine/core';
import { Link } from 'wouter';
import { DescriptionList } from '../components/description-list.js';
import { QueryResult } from '../components/query-result.js';
import { StateBadge } from '../components/state-badge.js';
import { DeliveryLog } from '../deliveries/delivery-log.js';
import { formatExact } from '../format/time.js';
import { Page } from '../layout/page.js';
import { EventTypeBadges } from '../webhooks/event-type-badges.js';
import { stateOf } from '../webhooks/webhook-state.js';
import { useAnyWebhook } from './queries.js';
import { WebhookAdminActions } from './webhook-admin-actions.js';

const PARENT = { to: '/operator/webhooks', label: 'All webhooks' };

/** A webhook of any owner with its settings and deliveries. */
export function OperatorWebhookPage({ id }: { id: string }) {
  const webhook = useAnyWebhook(id);
  return (
    <Page
      title={webhook.data?.url ?? 'Webhook'}
      parent={PARENT}
      actions={webhook.data && <WebhookAdminActions webhook={webhook.data} size="sm" />}
    >
      <QueryResult name="webhook" query={webhook}>
        {(loaded) => {
          const { label, tone, advice } = stateOf(loaded);
          return (
            <>
              {advice !== undefined && (
                <Alert color={tone === 'bad' ? 'red' : tone === 'warning' ? 'orange' : 'gray'} title={label}>
                  {loaded.disabled_reason === 'operator' ? 'The owner cannot enable this webhook.' : advice}
                </Alert>
              )}
              <Paper withBorder p="md">
                <DescriptionList
                  items={[
                    [
                      'State',
                      <StateBadge key="state" tone={tone}>
                        {label}
                      </StateBadge>,
                    ],
                    [
                      'Owner',
                      <Anchor
                        key="owner"
                        component={Link}
                        href={`/operator/webhooks?owner=${encodeURIComponent(loaded.owner)}`}
                        size="sm"
                      >
                        {loaded.owner}
                      </Anchor>,
                    ],
                    ['Event types', <EventTypeBadges key="types" patterns={loaded.event_types} />],
                    ['Description', loaded.description ?? '–'],
                    ['Registered', formatExact(loaded.created_at)],
                    ['Order', loaded.ordering === 'fifo' ? 'first in, first out' : 'unordered'],
                    ['Parallel requests', String(loaded.max_in_flight)],
                    ['Requests per second', loaded.rate_limit === null ? 'no limit' : String(loaded.rate_limit)],
                    ['Webhook', loaded.id],
                  ]}
                />
              </Paper>
              <Title order={2}>Deliveries</Title>
              <DeliveryLog webhookId={id} asOperator />
            </>
          );
        }}
      </QueryResult>
    </Page>
  );
}
