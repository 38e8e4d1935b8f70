import { Anchor, Button, Paper, Stack, Text, Title } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { DeliveryWithAttempts } from '../api/api.js';
import { eventTypePath } from '../catalog/paths.js';
import { DescriptionList } from '../components/description-list.js';
import { EmptyState } from '../components/empty-state.js';
import { JsonBlock } from '../components/json-block.js';
import { QueryResult } from '../components/query-result.js';
import { formatExact } from '../format/time.js';
import { Page } from '../layout/page.js';
import { useWebhook } from '../webhooks/queries.js';
import { AttemptCard } from './attempt-card.js';
import { NextAttempt } from './next-attempt.js';
import { useDeliveredEvent, useEarlierAttempts, type useDelivery } from './queries.js';
import { DeliveryStatusBadge } from './status-badge.js';

interface DeliveryDetailsProps {
  delivery: ReturnType<typeof useDelivery>;
  /** Operators see deliveries of all owners, but no request bodies: those are the owners' data. */
  asOperator: boolean;
  actions?: ReactNode;
}

/** The page of a delivery with its request body and its attempts. */
export function DeliveryDetails({ delivery, asOperator, actions }: DeliveryDetailsProps) {
  const basePath = asOperator ? '/operator' : '';
  const webhookId = delivery.data?.webhook_id;
  const parent =
    webhookId === undefined
      ? { to: `${basePath}/`, label: 'Webhooks' }
      : { to: `${basePath}/webhooks/${webhookId}`, label: 'Webhook' };
  return (
    <Page title={delivery.data ? `Delivery of ${delivery.data.event_type}` : 'Delivery'} parent={parent} actions={actions}>
      <QueryResult name="delivery" query={delivery}>
        {(loaded) => (
          <>
            <Paper withBorder p="md">
              <DescriptionList
                items={[
                  ['Status', <DeliveryStatusBadge key="status" delivery={loaded} />],
                  [
                    'Webhook',
                    <Anchor key="webhook" component={Link} href={`${basePath}/webhooks/${loaded.webhook_id}`} size="sm">
                      {asOperator ? loaded.webhook_id : <WebhookUrl id={loaded.webhook_id} />}
                    </Anchor>,
                  ],
                  [
                    'Event type',
                    <Anchor key="type" component={Link} href={eventTypePath(loaded.event_type, loaded.event_version)} size="sm">
                      {`${loaded.event_type}, version ${String(loaded.event_version)}`}
                    </Anchor>,
                  ],
                  ['Event', `${loaded.event_id} (webhook-id)`],
                  ['Delivery', loaded.id],
                  ['Created', formatExact(loaded.created_at)],
                  ...(loaded.finished_at === null ? [] : [['Finished', formatExact(loaded.finished_at)] as const]),
                  ...(loaded.next_attempt_at === null
                    ? []
                    : [['Next attempt', <NextAttempt key="next" at={loaded.next_attempt_at} />] as const]),
                  ['Attempts', `${String(loaded.attempt_count)}${loaded.replay ? ' (replayed)' : ''}`],
                ]}
              />
            </Paper>
            {!asOperator && (
              <>
                <Title order={2}>Request</Title>
                <RequestBody deliveryId={loaded.id} />
              </>
            )}
            <Title order={2}>Attempts</Title>
            {loaded.attempts.length === 0 ? (
              <EmptyState title="No attempts yet">
                <Text size="sm" c="dimmed">
                  The first attempt appears here when it is finished.
                </Text>
              </EmptyState>
            ) : (
              <Attempts delivery={loaded} attempts={loaded.attempts} asOperator={asOperator} />
            )}
          </>
        )}
      </QueryResult>
    </Page>
  );
}

interface AttemptsProps {
  delivery: Pick<DeliveryWithAttempts, 'id' | 'event_id'>;
  /** Oldest first. */
  attempts: DeliveryWithAttempts['attempts'];
  asOperator: boolean;
}

/** Attempts, newest first, and a button that loads those before them. */
function Attempts({ delivery, attempts, asOperator }: AttemptsProps) {
  const [isOpen, setIsOpen] = useState(false);
  const first = attempts[0]?.number ?? 1;
  return (
    <>
      <Stack component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {[...attempts].reverse().map((attempt) => (
          <AttemptCard key={attempt.number} attempt={attempt} eventId={delivery.event_id} />
        ))}
      </Stack>
      {first > 1 && !isOpen && (
        <Button
          variant="default"
          onClick={() => {
            setIsOpen(true);
          }}
        >
          Show earlier attempts
        </Button>
      )}
      {first > 1 && isOpen && <EarlierAttempts delivery={delivery} before={first} asOperator={asOperator} />}
    </>
  );
}

function EarlierAttempts({ delivery, before, asOperator }: Omit<AttemptsProps, 'attempts'> & { before: number }) {
  const earlier = useEarlierAttempts(delivery.id, before, asOperator);
  return (
    <QueryResult name="attempts" query={earlier}>
      {(attempts) => <Attempts delivery={delivery} attempts={attempts} asOperator={asOperator} />}
    </QueryResult>
  );
}

/** The body that every attempt sends. */
function RequestBody({ deliveryId }: { deliveryId: string }) {
  const event = useDeliveredEvent(deliveryId);
  return (
    <QueryResult name="request" query={event}>
      {({ type, timestamp, data }) => <JsonBlock value={{ type, timestamp, data }} label="Request body" />}
    </QueryResult>
  );
}

function WebhookUrl({ id }: { id: string }) {
  const webhook = useWebhook(id);
  return webhook.data?.url ?? id;
}
