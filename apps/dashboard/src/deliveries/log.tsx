import { Anchor, Badge, Button, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Delivery } from '../api/api.js';
import { PageButtons, usePaging } from '../shown/paging.js';
import { Time } from '../shown/time.js';
import { Empty, Loaded } from '../shown/waiting.js';
import { patternsOf } from '../webhooks/fields.js';
import { useCatalog } from '../webhooks/queries.js';
import { EVERYTHING, useDeliveries, type Filter, type Status } from './queries.js';
import { DeliveryState, STATUSES } from './status.js';

/** What was sent to a webhook, newest first, page by page. */
export function Log({ webhookId, asOperator = false }: { webhookId: string; asOperator?: boolean }) {
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const paging = usePaging();
  const deliveries = useDeliveries(webhookId, filter, paging.cursor, asOperator);
  const change = (changed: Partial<Filter>): void => {
    setFilter({ ...filter, ...changed });
    paging.reset();
  };
  const filtered = JSON.stringify(filter) !== JSON.stringify(EVERYTHING);
  return (
    <Stack>
      <Filters filter={filter} onChange={change} filtered={filtered} />
      <Loaded what="deliveries" query={deliveries}>
        {({ data, next_cursor: nextCursor }) => (
          <>
            {data.length === 0 ? (
              <Empty title={filtered ? 'No delivery is like this' : 'Nothing was sent yet'}>
                <Text size="sm" c="dimmed">
                  {filtered ? 'Change the filters to see others.' : 'As soon as there is an event for this webhook, it is here.'}
                </Text>
              </Empty>
            ) : (
              <DeliveryTable deliveries={data} asOperator={asOperator} />
            )}
            <PageButtons paging={paging} nextCursor={nextCursor} />
          </>
        )}
      </Loaded>
    </Stack>
  );
}

interface FiltersProps {
  filter: Filter;
  onChange: (changed: Partial<Filter>) => void;
  filtered: boolean;
}

function Filters({ filter, onChange, filtered }: FiltersProps) {
  const catalog = useCatalog();
  return (
    <Group align="flex-end" gap="sm" role="search" aria-label="Filter the deliveries">
      <Select
        label="Status"
        placeholder="Any"
        data={STATUSES}
        value={filter.status}
        onChange={(status) => {
          onChange({ status: status as Status | null });
        }}
        clearable
        clearButtonProps={{ 'aria-label': 'Any status' }}
        w={150}
      />
      <Select
        label="Event type"
        placeholder="Any"
        data={patternsOf(catalog.data ?? [])}
        value={filter.eventType}
        onChange={(eventType) => {
          onChange({ eventType });
        }}
        clearable
        searchable
        clearButtonProps={{ 'aria-label': 'Any event type' }}
        w={210}
      />
      <TextInput
        type="datetime-local"
        label="From"
        value={filter.since}
        onChange={(event) => {
          onChange({ since: event.currentTarget.value });
        }}
      />
      <TextInput
        type="datetime-local"
        label="Until"
        value={filter.until}
        onChange={(event) => {
          onChange({ until: event.currentTarget.value });
        }}
      />
      {filtered && (
        <Button
          variant="subtle"
          onClick={() => {
            onChange(EVERYTHING);
          }}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}

function DeliveryTable({ deliveries, asOperator }: { deliveries: Delivery[]; asOperator: boolean }) {
  return (
    <div className="wide sheet" tabIndex={0} role="region" aria-label="Deliveries">
      <Table verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Event</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Attempts</Table.Th>
            <Table.Th>When</Table.Th>
            <Table.Th>Next attempt</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {deliveries.map((delivery) => (
            <Table.Tr key={delivery.id}>
              <Table.Td>
                <Anchor component={Link} href={`${asOperator ? '/operator' : ''}/deliveries/${delivery.id}`} size="sm">
                  {delivery.event_type}
                </Anchor>
                <Text size="xs" c="dimmed" ff="monospace">
                  {delivery.event_id}
                </Text>
              </Table.Td>
              <Table.Td>
                <Group gap={4} wrap="nowrap">
                  <DeliveryState delivery={delivery} />
                  {delivery.replay && (
                    <Badge variant="default" tt="none" radius="sm">
                      again
                    </Badge>
                  )}
                </Group>
              </Table.Td>
              <Table.Td>{delivery.attempt_count}</Table.Td>
              <Table.Td>
                <Text size="sm" span style={{ whiteSpace: 'nowrap' }}>
                  <Time at={delivery.created_at} />
                </Text>
              </Table.Td>
              <Table.Td>{delivery.next_attempt_at === null ? '–' : <Time at={delivery.next_attempt_at} />}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
