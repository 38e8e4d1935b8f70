import { Anchor, Group, Paper, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import type { Webhook } from '../api/api.js';
import { duration, percent } from '../shown/numbers.js';
import { Sparkline } from '../shown/sparkline.js';
import { Time } from '../shown/time.js';
import { State } from '../shown/tone.js';
import { conditionOf } from './condition.js';
import { EventTypes } from './event-types.js';
import type { WebhookStats } from './queries.js';

/** One webhook at a glance: where it sends, how it is, and how it did lately. */
export function WebhookCard({ webhook, stats }: { webhook: Webhook; stats: WebhookStats | undefined }) {
  const { label, tone } = conditionOf(webhook);
  return (
    <Paper withBorder p="md" component="article">
      <Stack gap="sm" h="100%" justify="space-between">
        <Stack gap="xs">
          <Group justify="space-between" align="flex-start" gap="xs">
            <Anchor component={Link} href={`/webhooks/${webhook.id}`} fw={600} className="long">
              {webhook.url}
            </Anchor>
            <State tone={tone}>{label}</State>
          </Group>
          {webhook.description !== null && (
            <Text size="sm" c="dimmed" className="long" lineClamp={2}>
              {webhook.description}
            </Text>
          )}
          <EventTypes patterns={webhook.event_types} />
        </Stack>
        <Stack gap={6}>
          {stats && <Sparkline series={stats.series} />}
          <Group gap="lg">
            <Small label="Arrived" value={percent(stats?.success_rate ?? null)} />
            <Small label="95 % within" value={duration(stats?.p95_ms ?? null)} />
            <Small label="Under way" value={stats ? String(stats.pending) : '–'} />
          </Group>
          {stats && (
            <Text size="xs" c="dimmed">
              Since <Time at={stats.since} />
            </Text>
          )}
        </Stack>
      </Stack>
    </Paper>
  );
}

function Small({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fw={600} style={{ fontVariantNumeric: 'tabular-nums' }}>
        {value}
      </Text>
    </div>
  );
}
