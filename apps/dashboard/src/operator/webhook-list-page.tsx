import { Anchor, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, useSearchParams } from 'wouter';
import { EmptyState } from '../components/empty-state.js';
import { PaginationButtons, usePagination } from '../components/pagination.js';
import { QueryResult } from '../components/query-result.js';
import { StateBadge } from '../components/state-badge.js';
import { Page } from '../layout/page.js';
import { stateOf } from '../webhooks/webhook-state.js';
import { useAllWebhooks, type OwnedWebhook, type WebhookStateFilter } from './queries.js';
import { WebhookAdminActions } from './webhook-admin-actions.js';

const STATES: { value: WebhookStateFilter; label: string }[] = [
  { value: 'failing', label: 'Failing' },
  { value: 'circuit_open', label: 'Circuit open' },
  { value: 'paused', label: 'Paused' },
  { value: 'unverified', label: 'Not verified' },
  { value: 'disabled', label: 'Disabled' },
];
const DEBOUNCE_MS = 300;

/** The webhooks of all owners. The filters are in the address, so that the page can be linked to. */
export function OperatorWebhookListPage() {
  const [search, setSearch] = useSearchParams();
  const state = STATES.find(({ value }) => value === search.get('state'))?.value ?? null;
  const owner = search.get('owner') ?? '';
  const pagination = usePagination();
  const [debouncedOwner] = useDebouncedValue(owner, DEBOUNCE_MS);
  const webhooks = useAllWebhooks({ state, owner: debouncedOwner, cursor: pagination.cursor });
  const setFilter = (name: string, value: string | null): void => {
    pagination.reset();
    setSearch(
      (previous) => {
        const next = new URLSearchParams(previous);
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
            setFilter('state', value);
          }}
          clearable
          clearButtonProps={{ 'aria-label': 'Any state' }}
          w={230}
        />
        <TextInput
          label="Owner"
          placeholder="Any"
          value={owner}
          onChange={(event) => {
            setFilter('owner', event.currentTarget.value.trim());
          }}
        />
      </Group>
      <QueryResult name="webhooks" query={webhooks}>
        {({ data, next_cursor: nextCursor }) => (
          <Stack>
            {data.length === 0 ? <EmptyState title="No matching webhooks" /> : <WebhookTable webhooks={data} />}
            <PaginationButtons pagination={pagination} nextCursor={nextCursor} />
          </Stack>
        )}
      </QueryResult>
    </Page>
  );
}

function WebhookTable({ webhooks }: { webhooks: OwnedWebhook[] }) {
  return (
    <div className="scroll-x table-frame" tabIndex={0} role="region" aria-label="Webhooks">
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Webhook</Table.Th>
            <Table.Th>Owner</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Actions</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {webhooks.map((webhook) => {
            const { label, tone } = stateOf(webhook);
            return (
              <Table.Tr key={webhook.id}>
                <Table.Td miw={200} maw={420}>
                  <Anchor component={Link} href={`/operator/webhooks/${webhook.id}`} size="sm" className="break-anywhere">
                    {webhook.url}
                  </Anchor>
                  <Text size="xs" c="dimmed" ff="monospace" className="break-anywhere">
                    {webhook.id}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Text size="sm" className="break-anywhere">
                    {webhook.owner}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <StateBadge tone={tone}>{label}</StateBadge>
                </Table.Td>
                <Table.Td>
                  <WebhookAdminActions webhook={webhook} />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}
