import { Alert, Button, Group, Modal, MultiSelect, Select, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answerTo, explain } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { counted } from '../shown/numbers.js';
import { tellDone } from '../shown/tell.js';
import { exact } from '../shown/clock.js';
import { patternsOf } from '../webhooks/fields.js';
import { useCatalog, useRefresh } from '../webhooks/queries.js';
import { STATUSES } from './status.js';

type Terminal = 'succeeded' | 'failed' | 'cancelled' | 'skipped';

const SINCE = [
  { value: '1', label: 'the last hour' },
  { value: '24', label: 'the last day' },
  { value: '168', label: 'the last week' },
  { value: '720', label: 'the last 30 days' },
];
const HOUR_MS = 3_600_000;

/** Sends many deliveries again: counts them first, and asks. */
export function Replay({ webhookId, onClose }: { webhookId: string; onClose: () => void }) {
  const { api } = useSession();
  const refresh = useRefresh();
  const catalog = useCatalog();
  const [hours, setHours] = useState('24');
  const [statuses, setStatuses] = useState<Terminal[]>(['failed']);
  const [types, setTypes] = useState<string[]>([]);

  const ask = (body: ReplayBody) =>
    answerTo(api.api.POST('/api/webhooks/{id}/replay', { params: { path: { id: webhookId } }, body }));
  // What was counted is what is sent: the time is not reckoned anew.
  const count = useMutation({
    mutationFn: async () => {
      const body: ReplayBody = {
        since: new Date(Date.now() - Number(hours) * HOUR_MS).toISOString(),
        until: new Date().toISOString(),
        ...(statuses.length > 0 ? { status: statuses } : {}),
        ...(types.length > 0 ? { event_types: types } : {}),
      };
      return { body, answer: await ask({ ...body, dry_run: true }) };
    },
  });
  const replay = useMutation({
    mutationFn: (body: ReplayBody) => ask(body),
    onSuccess: async (answer) => {
      const until = answer.last_attempt_at === null ? '' : `, the last one at ${exact(answer.last_attempt_at)}`;
      tellDone(`${counted(answer.count, 'delivery is', 'deliveries are')} sent again${until}.`);
      await refresh();
      onClose();
    },
  });
  const changed = (): void => {
    count.reset();
  };
  const found = count.data?.answer.count;
  const error = replay.error ?? count.error;
  return (
    <Modal opened onClose={onClose} title="Replay deliveries" centered closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text size="sm">Sends again what has ended, behind what is new, with the same webhook-id as before.</Text>
        <Select
          label="From"
          data={SINCE}
          value={hours}
          allowDeselect={false}
          onChange={(value) => {
            setHours(value ?? '24');
            changed();
          }}
        />
        <MultiSelect
          label="Status"
          placeholder={statuses.length === 0 ? 'Any that has ended' : ''}
          data={STATUSES.filter(({ value }) => value !== 'pending')}
          value={statuses}
          onChange={(values) => {
            setStatuses(values as Terminal[]);
            changed();
          }}
        />
        <MultiSelect
          label="Event types"
          placeholder={types.length === 0 ? 'Every type' : ''}
          data={patternsOf(catalog.data ?? [])}
          value={types}
          onChange={(values) => {
            setTypes(values);
            changed();
          }}
        />
        <div role="status">
          {found !== undefined && (
            <Alert
              color={found === 0 ? 'gray' : 'blue'}
              title={`${counted(found, 'delivery', 'deliveries')} would be sent again`}
            />
          )}
        </div>
        {error !== null && (
          <Text c="var(--mantine-color-error)" size="sm" role="alert">
            {explain(error)}
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
              {`Send ${counted(found, 'delivery', 'deliveries')} again`}
            </Button>
          ) : (
            <Button
              loading={count.isPending}
              onClick={() => {
                count.mutate();
              }}
            >
              Count first
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
  status?: Terminal[];
  event_types?: string[];
  dry_run?: boolean;
}
