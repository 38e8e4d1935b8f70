import { Alert, Anchor, Paper, Title } from '@mantine/core';
import { Link } from 'wouter';
import { Log } from '../deliveries/log.js';
import { Page } from '../frame/page.js';
import { Facts } from '../shown/facts.js';
import { exact } from '../shown/clock.js';
import { State } from '../shown/tone.js';
import { Loaded } from '../shown/waiting.js';
import { conditionOf } from '../webhooks/condition.js';
import { EventTypes } from '../webhooks/event-types.js';
import { useOwnedWebhook } from './queries.js';
import { WebhookDeeds } from './webhook-deeds.js';

const UP = { to: '/operator/webhooks', label: 'All webhooks' };

/** Anybody's webhook, and what was sent to it. */
export function OwnedWebhookPage({ id }: { id: string }) {
  const webhook = useOwnedWebhook(id);
  return (
    <Page
      title={webhook.data?.url ?? 'Webhook'}
      up={UP}
      actions={webhook.data && <WebhookDeeds webhook={webhook.data} size="sm" />}
    >
      <Loaded what="webhook" query={webhook}>
        {(loaded) => {
          const { label, tone, advice } = conditionOf(loaded);
          return (
            <>
              {advice !== undefined && (
                <Alert color={tone === 'bad' ? 'red' : tone === 'warning' ? 'orange' : 'gray'} title={label}>
                  {loaded.disabled_reason === 'operator' ? 'Its owner cannot enable it.' : advice}
                </Alert>
              )}
              <Paper withBorder p="md">
                <Facts
                  facts={[
                    [
                      'State',
                      <State key="state" tone={tone}>
                        {label}
                      </State>,
                    ],
                    [
                      'User',
                      <Anchor
                        key="user"
                        component={Link}
                        href={`/operator/webhooks?user=${encodeURIComponent(loaded.owner)}`}
                        size="sm"
                      >
                        {loaded.owner}
                      </Anchor>,
                    ],
                    ['Event types', <EventTypes key="types" patterns={loaded.event_types} />],
                    ['Description', loaded.description ?? '–'],
                    ['Registered', exact(loaded.created_at)],
                    ['Order', loaded.ordering === 'fifo' ? 'one at a time' : 'as fast as possible'],
                    ['At once', String(loaded.max_in_flight)],
                    ['A second', loaded.rate_limit === null ? 'no limit' : String(loaded.rate_limit)],
                    ['Webhook', loaded.id],
                  ]}
                />
              </Paper>
              <Title order={2}>Deliveries</Title>
              <Log webhookId={id} asOperator />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
