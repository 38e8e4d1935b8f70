import { Alert, Button, Checkbox, Group, Modal, MultiSelect, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { unwrap, explainError } from '../api/api.js';
import { useTypePatterns } from '../catalog/use-type-patterns.js';
import { notifySuccess } from '../components/notify.js';
import { formatQuantity } from '../format/numbers.js';
import { formatExact } from '../format/time.js';
import { useSession } from '../session/use-session.js';
import { useRefresh } from '../webhooks/queries.js';
import { replayStatus, type FinishedStatus } from './replay-status.js';
import { STATUS_OPTIONS } from './status-badge.js';

const PERIODS = [
  { value: '1', label: 'Last hour' },
  { value: '24', label: 'Last day' },
  { value: '168', label: 'Last week' },
  { value: '720', label: 'Last 30 days' },
];
const HOUR_MS = 3_600_000;

/** Replays many deliveries after a dry run has counted them. */
export function ReplayDialog({ webhookId, onClose }: { webhookId: string; onClose: () => void }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const [hours, setHours] = useState('24');
  const [statuses, setStatuses] = useState<FinishedStatus[]>(['failed']);
  const [types, setTypes] = useState<string[]>([]);
  const patterns = useTypePatterns(types, { withVersions: true });
  const [missing, setMissing] = useState(false);

  const requestReplay = (body: ReplayBody) =>
    unwrap(api.api.POST('/api/webhooks/{id}/replay', { params: { path: { id: webhookId } }, body }));
  // The replay uses the period of the count, so that it includes exactly the counted deliveries.
  const count = useMutation({
    mutationFn: async () => {
      const body: ReplayBody = {
        since: new Date(Date.now() - Number(hours) * HOUR_MS).toISOString(),
        until: new Date().toISOString(),
        status: replayStatus(statuses, missing),
        ...(types.length > 0 ? { event_types: types } : {}),
        ...(missing ? { missing } : {}),
      };
      return { body, result: await requestReplay({ ...body, dry_run: true }) };
    },
  });
  const replay = useMutation({
    mutationFn: requestReplay,
    onSuccess: async (result) => {
      const lastAttempt =
        result.last_attempt_at === null ? '' : ` The last attempt starts at ${formatExact(result.last_attempt_at)}.`;
      notifySuccess(`${formatQuantity(result.count, 'delivery is', 'deliveries are')} being replayed.${lastAttempt}`);
      await refresh();
      onClose();
    },
  });
  const resetCount = (): void => {
    count.reset();
  };
  const found = count.data?.result.count;
  const error = replay.error ?? count.error;
  return (
    <Modal opened onClose={onClose} title="Replay deliveries" centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text size="sm">Tidings sends finished deliveries again with their original webhook-id. New events have priority.</Text>
        <Select
          label="Period"
          data={PERIODS}
          value={hours}
          allowDeselect={false}
          onChange={(value) => {
            setHours(value ?? '24');
            resetCount();
          }}
        />
        <MultiSelect
          label="Status"
          placeholder={statuses.length > 0 ? '' : missing ? 'Only missed events' : 'All finished deliveries'}
          data={STATUS_OPTIONS.filter(({ value }) => value !== 'pending')}
          value={statuses}
          onChange={(values) => {
            setStatuses(values as FinishedStatus[]);
            resetCount();
          }}
        />
        <MultiSelect
          label="Event types"
          placeholder={types.length === 0 ? 'All event types' : ''}
          {...patterns}
          value={types}
          onChange={(values) => {
            setTypes(values);
            resetCount();
          }}
        />
        <Checkbox
          label="Also send events that this webhook missed"
          description="Events from before it was registered, while it was disabled, or while it had other event types."
          checked={missing}
          onChange={({ currentTarget }) => {
            setMissing(currentTarget.checked);
            resetCount();
          }}
        />
        <div role="status">
          {found !== undefined && (
            <Alert color={found === 0 ? 'gray' : 'blue'} title={formatQuantity(found, 'delivery matches', 'deliveries match')} />
          )}
        </div>
        {error !== null && (
          <Text c="var(--mantine-color-error)" size="sm" role="alert">
            {explainError(error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {count.data && found !== undefined && found > 0 ? (
            <Button
              loading={replay.isPending}
              onClick={() => {
                replay.mutate(count.data.body);
              }}
            >
              {`Replay ${formatQuantity(found, 'delivery', 'deliveries')}`}
            </Button>
          ) : (
            <Button
              loading={count.isPending}
              onClick={() => {
                count.mutate();
              }}
            >
              Count deliveries
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

interface ReplayBody {
  since: string;
  until: string;
  status: FinishedStatus[];
  event_types?: string[];
  missing?: boolean;
  dry_run?: boolean;
}
