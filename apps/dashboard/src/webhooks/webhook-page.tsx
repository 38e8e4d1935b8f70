import { Alert, SimpleGrid, Tabs } from '@mantine/core';
import { useLocation } from 'wouter';
import type { Webhook } from '../api/api.js';
import { QueryResult } from '../components/query-result.js';
import { RelativeTime } from '../components/relative-time.js';
import { Sparkline } from '../components/sparkline.js';
import { StatCard } from '../components/stat-card.js';
import { StateBadge } from '../components/state-badge.js';
import { DeliveryLog } from '../deliveries/delivery-log.js';
import { formatCount, formatQuantity, formatDuration, formatPercent } from '../format/numbers.js';
import { Page } from '../layout/page.js';
import { useHourlyStats, useStats, useWebhook, type HourlyStats, type WebhookStats } from './queries.js';
import { WebhookActions } from './webhook-actions.js';
import { WebhookSettings } from './webhook-settings.js';
import { stateOf } from './webhook-state.js';

const PARENT = { to: '/', label: 'Webhooks' };

/** A webhook with its state, deliveries and settings. */
export function WebhookPage({ id, tab = 'deliveries' }: { id: string; tab?: string | undefined }) {
  const [, navigate] = useLocation();
  const webhook = useWebhook(id);
  const stats = useStats();
  const hourly = useHourlyStats(id);
  return (
    <Page
      title={webhook.data?.url ?? 'Webhook'}
      parent={PARENT}
      actions={webhook.data && <WebhookActions webhook={webhook.data} />}
    >
      <QueryResult name="webhook" query={webhook}>
        {(loaded) => (
          <>
            <Summary webhook={loaded} stats={stats.data?.get(id)} hourly={hourly.data} />
            <Tabs
              value={tab === 'settings' ? 'settings' : 'deliveries'}
              onChange={(next) => {
                navigate(next === 'settings' ? `/webhooks/${id}/settings` : `/webhooks/${id}`);
              }}
              keepMounted={false}
            >
              <Tabs.List aria-label="Sections of this webhook">
                <Tabs.Tab value="deliveries">Deliveries</Tabs.Tab>
                <Tabs.Tab value="settings">Settings</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="deliveries" pt="md">
                <DeliveryLog webhookId={id} />
              </Tabs.Panel>
              <Tabs.Panel value="settings" pt="md">
                <WebhookSettings webhook={loaded} />
              </Tabs.Panel>
            </Tabs>
          </>
        )}
      </QueryResult>
    </Page>
  );
}

interface SummaryProps {
  webhook: Webhook;
  /** Of recent deliveries. */
  stats: WebhookStats | undefined;
  /** Of all attempts. */
  hourly: HourlyStats | undefined;
}

/** The state of a webhook and its recent statistics. */
function Summary({ webhook, stats, hourly }: SummaryProps) {
  const { label, tone, advice } = stateOf(webhook);
  return (
    <>
      {advice !== undefined && (
        <Alert color={tone === 'bad' ? 'red' : tone === 'warning' ? 'orange' : 'gray'} title={label}>
          {advice} {webhook.failing_since !== null && <FailingSince at={webhook.failing_since} />}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <StatCard label="State" value={<StateBadge tone={tone}>{label}</StateBadge>} />
        <StatCard
          label="Success rate"
          value={formatPercent(stats?.success_rate ?? null)}
          note={
            stats && `${String(stats.delivered)} of ${formatQuantity(stats.delivered + stats.failed, 'delivery', 'deliveries')}`
          }
        />
        <StatCard
          label="p95 duration"
          value={formatDuration(stats?.p95_ms ?? null)}
          note={stats && `p50 ${formatDuration(stats.p50_ms)}`}
        />
        <StatCard
          label="Attempts by hour"
          value={hourly ? <Sparkline series={hourly.hours} /> : '–'}
          note={
            hourly && (
              <>
                {!hourly.complete && 'at least '}
                {formatQuantity(hourly.attempts, 'attempt', 'attempts')}, {formatCount(hourly.failed)} failed; {hourly.pending}{' '}
                pending
              </>
            )
          }
        />
      </SimpleGrid>
    </>
  );
}

function FailingSince({ at }: { at: string }) {
  return (
    <>
      The first failed attempt was <RelativeTime at={at} />.
    </>
  );
}
