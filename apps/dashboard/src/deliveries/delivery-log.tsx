import { Anchor, Badge, Button, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Delivery } from '../api/api.js';
import { useTypePatterns } from '../catalog/use-type-patterns.js';
import { EmptyState } from '../components/empty-state.js';
import { PaginationButtons, usePagination } from '../components/pagination.js';
import { QueryResult } from '../components/query-result.js';
import { RelativeTime } from '../components/relative-time.js';
import { NextAttempt } from './next-attempt.js';
import { NO_FILTER, useDeliveries, type DeliveryFilter, type DeliveryStatus } from './queries.js';
import { DeliveryStatusBadge, STATUS_OPTIONS } from './status-badge.js';

/** The deliveries of a webhook, newest first, with filters and pagination. */
export function DeliveryLog({ webhookId, asOperator = false }: { webhookId: string; asOperator?: boolean }) {
  const [filter, setFilter] = useState<DeliveryFilter>(NO_FILTER);
  const pagination = usePagination();
  const deliveries = useDeliveries(webhookId, filter, pagination.cursor, asOperator);
  const change = (changed: Partial<DeliveryFilter>): void => {
    setFilter({ ...filter, ...changed });
    pagination.reset();
  };
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  return (
    <Stack>
      <Filters filter={filter} onChange={change} isFiltered={isFiltered} />
      <QueryResult name="deliveries" query={deliveries}>
        {({ data, next_cursor: nextCursor }) => (
          <>
            {data.length === 0 ? (
              <NoDeliveries isFiltered={isFiltered} hasOlder={nextCursor !== null} />
            ) : (
              <DeliveryTable deliveries={data} asOperator={asOperator} />
            )}
            <PaginationButtons pagination={pagination} nextCursor={nextCursor} />
          </>
        )}
      </QueryResult>
    </Stack>
  );
}

function NoDeliveries({ isFiltered, hasOlder }: { isFiltered: boolean; hasOlder: boolean }) {
  if (!isFiltered) {
    return (
      <EmptyState title="No deliveries yet">
        <Text size="sm" c="dimmed">
          The first event for this webhook appears here.
        </Text>
      </EmptyState>
    );
  }
  return (
    <EmptyState title={hasOlder ? 'No matching deliveries so far' : 'No matching deliveries'}>
      <Text size="sm" c="dimmed">
        {hasOlder ? 'Older deliveries may match.' : 'Change or clear the filters.'}
      </Text>
    </EmptyState>
  );
}

interface FiltersProps {
  filter: DeliveryFilter;
  onChange: (changed: Partial<DeliveryFilter>) => void;
  isFiltered: boolean;
}

function Filters({ filter, onChange, isFiltered }: FiltersProps) {
  const patterns = useTypePatterns(filter.eventType === null ? [] : [filter.eventType]);
  return (
    <Group align="flex-end" gap="sm" role="search" aria-label="Filter the deliveries">
      <Select
        label="Status"
        placeholder="Any"
        data={STATUS_OPTIONS}
        value={filter.status}
        onChange={(status) => {
          onChange({ status: status as DeliveryStatus | null });
        }}
        clearable
        clearButtonProps={{ 'aria-label': 'Any status' }}
        w={150}
      />
      <Select
        label="Event type"
        placeholder="Any"
        {...patterns}
        value={filter.eventType}
        onChange={(eventType) => {
          onChange({ eventType });
        }}
        clearable
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
        label="To"
        value={filter.until}
        onChange={(event) => {
          onChange({ until: event.currentTarget.value });
        }}
      />
      {isFiltered && (
        <Button
          variant="subtle"
          onClick={() => {
            onChange(NO_FILTER);
          }}
        >
          Clear filters
        </Button>
      )}
    </Group>
  );
}

function DeliveryTable({ deliveries, asOperator }: { deliveries: Delivery[]; asOperator: boolean }) {
  return (
    <div className="scroll-x table-frame" tabIndex={0} role="region" aria-label="Deliveries">
      <Table verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Event</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Attempts</Table.Th>
            <Table.Th>Created</Table.Th>
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
                  <DeliveryStatusBadge delivery={delivery} />
                  {delivery.replay && (
                    <Badge variant="default" tt="none" radius="sm">
                      replay
                    </Badge>
                  )}
                </Group>
              </Table.Td>
              <Table.Td>{delivery.attempt_count}</Table.Td>
              <Table.Td>
                <Text size="sm" span style={{ whiteSpace: 'nowrap' }}>
                  <RelativeTime at={delivery.created_at} />
                </Text>
              </Table.Td>
              <Table.Td>{delivery.next_attempt_at === null ? '–' : <NextAttempt at={delivery.next_attempt_at} />}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
