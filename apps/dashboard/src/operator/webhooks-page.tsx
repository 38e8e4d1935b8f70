import { Anchor, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, useSearchParams } from 'wouter';
import { Page } from '../frame/page.js';
import { PageButtons, usePaging } from '../shown/paging.js';
import { State } from '../shown/tone.js';
import { Empty, Loaded } from '../shown/waiting.js';
import { conditionOf } from '../webhooks/condition.js';
import { useOwnedWebhooks, type OwnedWebhook, type WebhookState } from './queries.js';
import { WebhookDeeds } from './webhook-deeds.js';

const STATES: { value: WebhookState; label: string }[] = [
  { value: 'failing', label: 'Failing' },
  { value: 'circuit_open', label: 'Not reached (circuit open)' },
  { value: 'paused', label: 'Paused' },
  { value: 'disabled', label: 'Disabled' },
];
const TYPING_MS = 300;

/** Everybody's webhooks; the address says which of them, so that it can be passed on. */
export function WebhooksPage() {
  const [search, setSearch] = useSearchParams();
  const state = STATES.find(({ value }) => value === search.get('state'))?.value ?? null;
  const userId = search.get('user') ?? '';
  const paging = usePaging();
  const [asked] = useDebouncedValue(userId, TYPING_MS);
  const webhooks = useOwnedWebhooks({ state, userId: asked, cursor: paging.cursor });
  const set = (name: string, value: string | null): void => {
    paging.reset();
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  };
  return (
    <Page title="All webhooks">
      <Group align="flex-end" role="search" aria-label="Filter the webhooks">
        <Select
          label="State"
          placeholder="Any"
          data={STATES}
          value={state}
          onChange={(value) => {
            set('state', value);
          }}
          clearable
          clearButtonProps={{ 'aria-label': 'Any state' }}
          w={230}
        />
        <TextInput
          label="User"
          placeholder="Anybody"
          value={userId}
          onChange={(event) => {
            set('user', event.currentTarget.value.trim());
          }}
        />
      </Group>
      <Loaded what="webhooks" query={webhooks}>
        {({ data, next_cursor: nextCursor }) => (
          <Stack>
            {data.length === 0 ? <Empty title="No webhook is like this" /> : <WebhookTable webhooks={data} />}
            <PageButtons paging={paging} nextCursor={nextCursor} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function WebhookTable({ webhooks }: { webhooks: OwnedWebhook[] }) {
  return (
    <div className="wide sheet" tabIndex={0} role="region" aria-label="Webhooks">
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Webhook</Table.Th>
            <Table.Th>User</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Change</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {webhooks.map((webhook) => {
            const { label, tone } = conditionOf(webhook);
            return (
              <Table.Tr key={webhook.id}>
                <Table.Td miw={200} maw={420}>
                  <Anchor component={Link} href={`/operator/webhooks/${webhook.id}`} size="sm" className="long">
                    {webhook.url}
                  </Anchor>
                  <Text size="xs" c="dimmed" ff="monospace" className="long">
                    {webhook.id}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text size="sm" className="long">
                    {webhook.owner}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <State tone={tone}>{label}</State>
                </Table.Td>
                <Table.Td>
                  <WebhookDeeds webhook={webhook} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}
