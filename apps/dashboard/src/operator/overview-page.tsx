import { Alert, Anchor, Button, SimpleGrid, Text, VisuallyHidden } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { ConfirmDialog } from '../components/confirm-dialog.js';
import { Loading } from '../components/loading.js';
import { QueryResult } from '../components/query-result.js';
import { RelativeTime } from '../components/relative-time.js';
import { StatCard } from '../components/stat-card.js';
import { formatCount, formatPercent } from '../format/numbers.js';
import { Page } from '../layout/page.js';
import { useOverview, usePauseDeliveries, type Overview, type WebhookStateFilter } from './queries.js';

// Loaded on demand: the charts are larger than all other operator pages together.
const Charts = lazy(() => import('./charts.js'));

/** The state of the whole installation. */
export function OverviewPage() {
  const overview = useOverview();
  return (
    <Page title="Overview" actions={overview.data && <PauseButton pause={overview.data.pause} />}>
      <QueryResult name="overview" query={overview}>
        {(loaded) => (
          <>
            {loaded.pause.paused && (
              <Alert color="orange" title="Deliveries are paused">
                Tidings accepts events, and their deliveries stay pending.{' '}
                {loaded.pause.paused_by !== null && `Paused by ${loaded.pause.paused_by} `}
                {loaded.pause.paused_at !== null && <RelativeTime at={loaded.pause.paused_at} />}
              </Alert>
            )}
            <Statistics overview={loaded} />
            <Suspense fallback={<Loading name="charts" />}>
              <Charts minutes={loaded.minutes} errors={loaded.errors} />
            </Suspense>
          </>
        )}
      </QueryResult>
    </Page>
  );
}

function Statistics({ overview: { queue, webhooks, minutes } }: { overview: Overview }) {
  const succeeded = minutes.reduce((sum, minute) => sum + minute.succeeded, 0);
  const failed = minutes.reduce((sum, minute) => sum + minute.failed, 0);
  const attempts = succeeded + failed;
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <StatCard label="Attempts, last hour" value={formatCount(attempts)} note={`${formatCount(failed)} failed`} />
        <StatCard
          label="Success rate"
          value={formatPercent(attempts === 0 ? null : succeeded / attempts)}
          note="of the attempts of the last hour"
        />
        <StatCard
          label="Pending deliveries"
          value={formatCount(queue.admitted + queue.backoff + queue.parked)}
          note={`${formatCount(queue.admitted)} queued, ${formatCount(queue.backoff)} wait for a retry, ${formatCount(queue.parked)} wait for a slot`}
        />
        <StatCard
          label="Oldest pending"
          value={queue.oldest_pending_at === null ? '–' : <RelativeTime at={queue.oldest_pending_at} />}
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 2, sm: 5 }} spacing="sm">
        <WebhookCount label="Failing" value={webhooks.failing} state="failing" />
        <WebhookCount label="Circuit open" value={webhooks.circuit_open} state="circuit_open" />
        <WebhookCount label="Paused" value={webhooks.paused} state="paused" />
        <WebhookCount label="Not verified" value={webhooks.unverified} state="unverified" />
        <WebhookCount label="Disabled" value={webhooks.disabled} state="disabled" />
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {formatCount(webhooks.enabled)} of {formatCount(webhooks.total)} webhooks are enabled.
      </Text>
    </>
  );
}

function WebhookCount({ label, value, state }: { label: string; value: number; state: WebhookStateFilter }) {
  return (
    <StatCard
      label={label}
      value={formatCount(value)}
      note={
        <Anchor component={Link} href={`/operator/webhooks?state=${state}`} size="xs">
          Show
          <VisuallyHidden> webhooks: {label}</VisuallyHidden>
        </Anchor>
      }
    />
  );
}

function PauseButton({ pause: { paused } }: Pick<Overview, 'pause'>) {
  const [confirming, setConfirming] = useState(false);
  const setPaused = usePauseDeliveries();
  const close = (): void => {
    setConfirming(false);
  };
  return (
    <>
      <Button
        variant={paused ? 'filled' : 'default'}
        loading={setPaused.isPending}
        onClick={() => {
          if (paused) setPaused.mutate(false);
          else setConfirming(true);
        }}
      >
        {paused ? 'Resume deliveries' : 'Pause deliveries'}
      </Button>
      <ConfirmDialog
        opened={confirming}
        title="Pause all deliveries?"
        confirmLabel="Pause"
        destructive
        busy={setPaused.isPending}
        error={null}
        onClose={close}
        onConfirm={() => {
          setPaused.mutate(true, { onSettled: close });
        }}
      >
        <Text size="sm">
          Tidings sends nothing to any webhook until you resume. It still accepts events, and no event is lost.
        </Text>
      </ConfirmDialog>
    </>
  );
}
