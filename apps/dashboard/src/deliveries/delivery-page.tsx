import { Anchor, Button, Paper, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'wouter';
import { answerTo } from '../api/api.js';
import { Page } from '../frame/page.js';
import { useSession } from '../session/use-session.js';
import { Facts } from '../shown/facts.js';
import { Json } from '../shown/json.js';
import { tellDone, tellFailed } from '../shown/tell.js';
import { exact } from '../shown/clock.js';
import { Time } from '../shown/time.js';
import { Empty, Loaded } from '../shown/waiting.js';
import { useRefresh, useWebhook } from '../webhooks/queries.js';
import { AttemptCard } from './attempt.js';
import { useDelivery, useEventOf } from './queries.js';
import { DeliveryState } from './status.js';

/** One delivery of one's own: what was sent, and what came back each time. */
export function DeliveryPage({ id }: { id: string }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const delivery = useDelivery(id, false);
  const retry = useMutation({
    mutationFn: () => answerTo(api.api.POST('/api/deliveries/{id}/retry', { params: { path: { id } } })),
    onSuccess: async () => {
      tellDone('It is being attempted now.');
      await refresh();
    },
    onError: (error) => {
      tellFailed('It is not attempted again', error);
    },
  });
  return (
    <DeliveryShown
      delivery={delivery}
      below=""
      actions={
        delivery.data && (
          <Button
            loading={retry.isPending}
            onClick={() => {
              retry.mutate();
            }}
          >
            Attempt it now
          </Button>
        )
      }
    />
  );
}

interface DeliveryShownProps {
  delivery: ReturnType<typeof useDelivery>;
  /** What addresses begin with: nothing, or `/operator`. */
  below: string;
  actions?: React.ReactNode;
}

/** A delivery and each of its attempts. */
export function DeliveryShown({ delivery, below, actions }: DeliveryShownProps) {
  const webhookId = delivery.data?.webhook_id;
  const up =
    webhookId === undefined ? { to: `${below}/`, label: 'Webhooks' } : { to: `${below}/webhooks/${webhookId}`, label: 'Webhook' };
  return (
    <Page title={delivery.data ? `Delivery of ${delivery.data.event_type}` : 'Delivery'} up={up} actions={actions}>
      <Loaded what="delivery" query={delivery}>
        {(loaded) => (
          <>
            <Paper withBorder p="md">
              <Facts
                facts={[
                  ['Status', <DeliveryState key="status" delivery={loaded} />],
                  [
                    'Webhook',
                    <Anchor key="webhook" component={Link} href={`${below}/webhooks/${loaded.webhook_id}`} size="sm">
                      {below === '' ? <WebhookUrl id={loaded.webhook_id} /> : loaded.webhook_id}
                    </Anchor>,
                  ],
                  ['Event', `${loaded.event_id} (webhook-id)`],
                  ['Delivery', loaded.id],
                  ['Accepted', exact(loaded.created_at)],
                  ...(loaded.finished_at === null ? [] : [['Ended', exact(loaded.finished_at)] as const]),
                  ...(loaded.next_attempt_at === null
                    ? []
                    : [['Next attempt', <Time key="next" at={loaded.next_attempt_at} />] as const]),
                  ['Attempts', `${String(loaded.attempt_count)}${loaded.replay ? ', replayed' : ''}`],
                ]}
              />
            </Paper>
            {below === '' && (
              <>
                <Title order={2}>Request</Title>
                <Request deliveryId={loaded.id} />
              </>
            )}
            <Title order={2}>Attempts</Title>
            {loaded.attempts.length === 0 ? (
              <Empty title="None yet">
                <Text size="sm" c="dimmed">
                  It is here as soon as one was made.
                </Text>
              </Empty>
            ) : (
              <Stack component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
                {[...loaded.attempts].reverse().map((attempt) => (
                  <AttemptCard key={attempt.number} attempt={attempt} eventId={loaded.event_id} />
                ))}
              </Stack>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** What each attempt sends. Operators do not get to see it: it is their users' own. */
function Request({ deliveryId }: { deliveryId: string }) {
  const event = useEventOf(deliveryId);
  return (
    <Loaded what="request" query={event}>
      {({ type, timestamp, data }) => <Json value={{ type, timestamp, data }} label="The body of each request" />}
    </Loaded>
  );
}

function WebhookUrl({ id }: { id: string }) {
  const webhook = useWebhook(id);
  return webhook.data?.url ?? id;
}
