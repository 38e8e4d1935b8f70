import { Alert, SimpleGrid, Tabs } from '@mantine/core';
import { useLocation } from 'wouter';
import { Log } from '../deliveries/log.js';
import { Page } from '../frame/page.js';
import { Figure } from '../shown/facts.js';
import { counted, duration, percent } from '../shown/numbers.js';
import { Sparkline } from '../shown/sparkline.js';
import { Time } from '../shown/time.js';
import { State } from '../shown/tone.js';
import { Loaded } from '../shown/waiting.js';
import type { Webhook } from '../api/api.js';
import { Actions } from './actions.js';
import { conditionOf } from './condition.js';
import { useCatalog, useStats, useWebhook, type WebhookStats } from './queries.js';
import { Settings } from './settings.js';

const UP = { to: '/', label: 'Webhooks' };

/** One webhook: how it is, what was sent to it, and everything that can be set. */
export function WebhookPage({ id, tab = 'deliveries' }: { id: string; tab?: string | undefined }) {
  const [, go] = useLocation();
  const webhook = useWebhook(id);
  const stats = useStats();
  const catalog = useCatalog();
  return (
    <Page title={webhook.data?.url ?? 'Webhook'} up={UP} actions={webhook.data && <Actions webhook={webhook.data} />}>
      <Loaded what="webhook" query={webhook}>
        {(loaded) => (
          <>
            <Health webhook={loaded} stats={stats.data?.get(id)} />
            <Tabs
              value={tab === 'settings' ? 'settings' : 'deliveries'}
              onChange={(next) => {
                go(next === 'settings' ? `/webhooks/${id}/settings` : `/webhooks/${id}`);
              }}
              keepMounted={false}
            >
              <Tabs.List aria-label="Parts of this webhook">
                <Tabs.Tab value="deliveries">Deliveries</Tabs.Tab>
                <Tabs.Tab value="settings">Settings</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="deliveries" pt="md">
                <Log webhookId={id} />
              </Tabs.Panel>
              <Tabs.Panel value="settings" pt="md">
                <Loaded what="catalog" query={catalog}>
                  {(types) => <Settings webhook={loaded} catalog={types} />}
                </Loaded>
              </Tabs.Panel>
            </Tabs>
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** How a webhook is, and how it did lately. */
function Health({ webhook, stats }: { webhook: Webhook; stats: WebhookStats | undefined }) {
  const { label, tone, advice } = conditionOf(webhook);
  return (
    <>
      {advice !== undefined && (
        <Alert color={tone === 'bad' ? 'red' : tone === 'warning' ? 'orange' : 'gray'} title={label}>
          {advice} {webhook.failing_since !== null && <Since at={webhook.failing_since} />}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <Figure label="State" value={<State tone={tone}>{label}</State>} />
        <Figure
          label="Arrived"
          value={percent(stats?.success_rate ?? null)}
          note={stats && `${String(stats.delivered)} of ${counted(stats.delivered + stats.failed, 'delivery', 'deliveries')}`}
        />
        <Figure
          label="95 % within"
          value={duration(stats?.p95_ms ?? null)}
          note={stats && `half within ${duration(stats.p50_ms)}`}
        />
        <Figure
          label="Lately"
          value={stats ? <Sparkline series={stats.series} /> : '–'}
          note={
            stats && (
              <>
                {stats.pending} under way; since <Time at={stats.since} />
              </>
            )
          }
        />
      </SimpleGrid>
    </>
  );
}

function Since({ at }: { at: string }) {
  return (
    <>
      It has failed since <Time at={at} />.
    </>
  );
}
