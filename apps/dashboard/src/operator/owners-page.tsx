import { Anchor, Button, Group, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { EmptyState } from '../components/empty-state.js';
import { QueryResult } from '../components/query-result.js';
import { StateBadge } from '../components/state-badge.js';
import { formatCount, formatDuration } from '../format/numbers.js';
import { Page } from '../layout/page.js';
import { OwnerLimitsDialog } from './owner-limits-dialog.js';
import { MAX_OWNERS, useOwners, type Owner } from './queries.js';

/** The owners with the most attempts, with their usage and limits. */
export function OwnersPage() {
  const owners = useOwners();
  const [edited, setEdited] = useState<Owner | null>(null);
  return (
    <Page title="Owners">
      <Text size="sm" c="dimmed">
        Attempts and durations of the last hour; at most {MAX_OWNERS} owners, sorted by attempts.
      </Text>
      <QueryResult name="owners" query={owners}>
        {({ data }) =>
          data.length === 0 ? (
            <EmptyState title="No owner has a webhook yet" />
          ) : (
            <div className="scroll-x table-frame" tabIndex={0} role="region" aria-label="Owners">
              <Table verticalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Owner</Table.Th>
                    <Table.Th ta="right">Attempts</Table.Th>
                    <Table.Th ta="right">Failed</Table.Th>
                    <Table.Th ta="right">Pending</Table.Th>
                    <Table.Th ta="right">Total duration</Table.Th>
                    <Table.Th ta="right">Webhooks</Table.Th>
                    <Table.Th ta="right">Max. requests per minute</Table.Th>
                    <Table.Th>Actions</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.map((owner) => (
                    <OwnerRow key={owner.owner} owner={owner} onEdit={setEdited} />
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </QueryResult>
      {edited && (
        <OwnerLimitsDialog
          key={edited.owner}
          owner={edited}
          onClose={() => {
            setEdited(null);
          }}
        />
      )}
    </Page>
  );
}

function OwnerRow({ owner, onEdit }: { owner: Owner; onEdit: (owner: Owner) => void }) {
  return (
    <Table.Tr>
      <Table.Td miw={140}>
        <Group gap="xs">
          <Anchor
            component={Link}
            href={`/operator/webhooks?owner=${encodeURIComponent(owner.owner)}`}
            size="sm"
            className="break-anywhere"
          >
            {owner.owner}
          </Anchor>
          {owner.disabled && <StateBadge tone="bad">Disabled</StateBadge>}
        </Group>
      </Table.Td>
      <Table.Td ta="right">{formatCount(owner.attempts)}</Table.Td>
      <Table.Td ta="right">{formatCount(owner.failed)}</Table.Td>
      <Table.Td ta="right">{formatCount(owner.pending)}</Table.Td>
      <Table.Td ta="right">{formatDuration(owner.busy_ms)}</Table.Td>
      <Table.Td ta="right">
        {formatCount(owner.webhooks)}
        {owner.webhooks_limit !== null && ` of ${formatCount(owner.webhooks_limit)}`}
      </Table.Td>
      <Table.Td ta="right">{owner.requests_per_minute === null ? 'default' : formatCount(owner.requests_per_minute)}</Table.Td>
      <Table.Td>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Edit ${owner.owner}`}
          onClick={() => {
            onEdit(owner);
          }}
        >
          Edit
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
