import { Anchor, Group, Paper, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import type { Webhook } from '../api/api.js';
import { ElapsedTime } from '../components/elapsed-time.js';
import { Sparkline } from '../components/sparkline.js';
import { StateBadge } from '../components/state-badge.js';
import { formatDuration, formatPercent } from '../format/numbers.js';
import { EventTypeBadges } from './event-type-badges.js';
import type { WebhookStats } from './queries.js';
import { stateOf } from './webhook-state.js';

/** A summary of a webhook with its state and recent statistics. */
export function WebhookCard({ webhook, stats }: { webhook: Webhook; stats: WebhookStats | undefined }) {
  const { label, tone } = stateOf(webhook);
  return (
    <Paper withBorder p="md" component="article">
      <Stack gap="sm" h="100%" justify="space-between">
        <Stack gap="xs">
          <Group justify="space-between" align="flex-start" gap="xs">
            <Anchor component={Link} href={`/webhooks/${webhook.id}`} fw={600} className="break-anywhere">
              {webhook.url}
            </Anchor>
            <StateBadge tone={tone}>{label}</StateBadge>
          </Group>
          {webhook.description !== null && (
            <Text size="sm" c="dimmed" className="break-anywhere" lineClamp={2}>
              {webhook.description}
            </Text>
          )}
          <EventTypeBadges patterns={webhook.event_types} />
        </Stack>
        <Stack gap={6}>
          {stats && <Sparkline series={stats.series} />}
          <Group gap="lg">
            <Stat label="Success rate" value={formatPercent(stats?.success_rate ?? null)} />
            <Stat label="p95 duration" value={formatDuration(stats?.p95_ms ?? null)} />
            <Stat label="Pending" value={stats ? String(stats.pending) : '–'} />
          </Group>
          {stats && (
            <Text size="xs" c="dimmed">
              Last <ElapsedTime since={stats.since} />
            </Text>
          )}
        </Stack>
      </Stack>
    </Paper>
  );
}

function Stat({ label, value }: { label: string; value: string }) {
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
