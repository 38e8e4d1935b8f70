import { Anchor, Code, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Link } from 'wouter';
import { EmptyState } from '../components/empty-state.js';
import { PaginationButtons, usePagination } from '../components/pagination.js';
import { QueryResult } from '../components/query-result.js';
import { RelativeTime } from '../components/relative-time.js';
import { Page } from '../layout/page.js';
import { useAudit, type AuditEntry } from './queries.js';

const DEBOUNCE_MS = 300;

/** The audit log with filters by owner and webhook. */
export function AuditPage() {
  const [owner, setOwner] = useState('');
  const [webhookId, setWebhookId] = useState('');
  const [filter] = useDebouncedValue({ owner, webhookId }, DEBOUNCE_MS);
  const pagination = usePagination();
  const audit = useAudit({ ...filter, cursor: pagination.cursor });
  return (
    <Page title="Audit log">
      <Group role="search" aria-label="Filter the audit log">
        <TextInput
          label="Owner"
          placeholder="Any"
          value={owner}
          onChange={(event) => {
            setOwner(event.currentTarget.value.trim());
            pagination.reset();
          }}
        />
        <TextInput
          label="Webhook"
          placeholder="Any: wh_…"
          value={webhookId}
          onChange={(event) => {
            setWebhookId(event.currentTarget.value.trim());
            pagination.reset();
          }}
        />
      </Group>
      <QueryResult name="audit log" query={audit}>
        {({ data, next_cursor: nextCursor }) => (
          <Stack>
            {data.length === 0 ? <EmptyState title="No entries" /> : <AuditTable entries={data} />}
            <PaginationButtons pagination={pagination} nextCursor={nextCursor} />
          </Stack>
        )}
      </QueryResult>
    </Page>
  );
}

/** What stands below the name of an actor. */
const KINDS = { owner: 'owner', operator: 'operator', system: 'by itself' } as const;

function AuditTable({ entries }: { entries: AuditEntry[] }) {
  return (
    <div className="scroll-x table-frame" tabIndex={0} role="region" aria-label="Audit log">
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Time</Table.Th>
            <Table.Th>Actor</Table.Th>
            <Table.Th>Action</Table.Th>
            <Table.Th>Owner and webhook</Table.Th>
            <Table.Th>Changes</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Table.Tr key={entry.id}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <RelativeTime at={entry.at} />
              </Table.Td>
              <Table.Td>
                <Text size="sm" className="break-anywhere">
                  {entry.actor_kind === 'system' ? 'Tidings' : entry.actor}
                </Text>
                {entry.actor_kind !== null && (
                  <Text size="xs" c="dimmed">
                    {KINDS[entry.actor_kind]}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>
                <Code>{entry.action}</Code>
              </Table.Td>
              <Table.Td miw={160}>
                <Text size="sm">{entry.owner ?? '–'}</Text>
                {entry.webhook_id !== null && (
                  <Anchor
                    component={Link}
                    href={`/operator/webhooks/${entry.webhook_id}`}
                    size="xs"
                    ff="monospace"
                    className="break-anywhere"
                  >
                    {entry.webhook_id}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td miw={200}>
                <Changes details={entry.details} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Changes({ details }: Pick<AuditEntry, 'details'>) {
  const fields = Object.entries(details);
  if (fields.length === 0) return '–';
  return fields.map(([field, { from, to }]) => (
    <Text key={field} size="sm" className="break-anywhere">
      {field}: {formatValue(from)} → {formatValue(to)}
    </Text>
  ));
}

function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
