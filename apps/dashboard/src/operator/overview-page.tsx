import { Alert, Anchor, Button, SimpleGrid, Text, VisuallyHidden } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { Page } from '../frame/page.js';
import { Confirm } from '../shown/confirm.js';
import { Figure } from '../shown/facts.js';
import { count, percent } from '../shown/numbers.js';
import { Time } from '../shown/time.js';
import { Loaded, Loading } from '../shown/waiting.js';
import { useOverview, usePauseDelivering, type Overview, type WebhookState } from './queries.js';

// Larger than the rest of the operator's pages together.
const Charts = lazy(() => import('./charts.js'));

/** All of Tidings at a glance. */
export function OverviewPage() {
  const overview = useOverview();
  return (
    <Page title="Overview" actions={overview.data && <PauseDelivering pause={overview.data.pause} />}>
      <Loaded what="overview" query={overview}>
        {(loaded) => (
          <>
            {loaded.pause.paused && (
              <Alert color="orange" title="Delivering is paused">
                Events are accepted, and their deliveries wait.{' '}
                {loaded.pause.paused_by !== null && `Paused by ${loaded.pause.paused_by} `}
                {loaded.pause.paused_at !== null && <Time at={loaded.pause.paused_at} />}
              </Alert>
            )}
            <Figures overview={loaded} />
            <Suspense fallback={<Loading what="charts" />}>
              <Charts minutes={loaded.minutes} errors={loaded.errors} />
            </Suspense>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Figures({ overview: { queue, webhooks, minutes } }: { overview: Overview }) {
  const succeeded = minutes.reduce((sum, minute) => sum + minute.succeeded, 0);
  const failed = minutes.reduce((sum, minute) => sum + minute.failed, 0);
  const ended = succeeded + failed;
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <Figure label="Attempts, last hour" value={count(ended)} note={`${count(failed)} failed`} />
        <Figure label="Succeeded" value={percent(ended === 0 ? null : succeeded / ended)} note="of the last hour's attempts" />
        <Figure
          label="Pending deliveries"
          value={count(queue.admitted + queue.backoff + queue.parked)}
          note={`${count(queue.admitted)} queued, ${count(queue.backoff)} wait for a retry, ${count(queue.parked)} for a slot`}
        />
        <Figure label="Oldest pending" value={queue.oldest_pending_at === null ? '–' : <Time at={queue.oldest_pending_at} />} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        <Webhooks label="Failing" value={webhooks.failing} state="failing" />
        <Webhooks label="Not reached (circuit open)" value={webhooks.circuit_open} state="circuit_open" />
        <Webhooks label="Paused" value={webhooks.paused} state="paused" />
        <Webhooks label="Disabled" value={webhooks.disabled} state="disabled" />
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {count(webhooks.enabled)} of {count(webhooks.total)} webhooks are enabled.
      </Text>
    </>
  );
}

function Webhooks({ label, value, state }: { label: string; value: number; state: WebhookState }) {
  return (
    <Figure
      label={label}
      value={count(value)}
      note={
        <Anchor component={Link} href={`/operator/webhooks?state=${state}`} size="xs">
          See them
          <VisuallyHidden>: {label}</VisuallyHidden>
        </Anchor>
      }
    />
  );
}

function PauseDelivering({ pause: { paused } }: Pick<Overview, 'pause'>) {
  const [asking, setAsking] = useState(false);
  const pause = usePauseDelivering();
  const close = (): void => {
    setAsking(false);
  };
  return (
    <>
      <Button
        variant={paused ? 'filled' : 'default'}
        loading={pause.isPending}
        onClick={() => {
          if (paused) pause.mutate(false);
          else setAsking(true);
        }}
      >
        {paused ? 'Go on delivering' : 'Pause delivering'}
      </Button>
      <Confirm
        opened={asking}
        title="Pause delivering?"
        verb="Pause"
        danger
        busy={pause.isPending}
        error={null}
        onClose={close}
        onConfirm={() => {
          pause.mutate(true, { onSettled: close });
        }}
      >
        <Text size="sm">Nothing is sent to any webhook until you go on. Events are accepted, and nothing is lost.</Text>
      </Confirm>
    </>
  );
}
