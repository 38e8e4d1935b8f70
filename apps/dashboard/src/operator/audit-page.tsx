import { Anchor, Code, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Link } from 'wouter';
import { Page } from '../frame/page.js';
import { PageButtons, usePaging } from '../shown/paging.js';
import { Time } from '../shown/time.js';
import { Empty, Loaded } from '../shown/waiting.js';
import { useAudit, type AuditEntry } from './queries.js';

const TYPING_MS = 300;

/** Who changed what, and when. */
export function AuditPage() {
  const [userId, setUserId] = useState('');
  const [webhookId, setWebhookId] = useState('');
  const [asked] = useDebouncedValue({ userId, webhookId }, TYPING_MS);
  const paging = usePaging();
  const audit = useAudit({ ...asked, cursor: paging.cursor });
  return (
    <Page title="Audit log">
      <Group role="search" aria-label="Filter the audit log">
        <TextInput
          label="User"
          placeholder="Anybody"
          value={userId}
          onChange={(event) => {
            setUserId(event.currentTarget.value.trim());
            paging.reset();
          }}
        />
        <TextInput
          label="Webhook"
          placeholder="Any: wh_…"
          value={webhookId}
          onChange={(event) => {
            setWebhookId(event.currentTarget.value.trim());
            paging.reset();
          }}
        />
      </Group>
      <Loaded what="audit log" query={audit}>
        {({ data, next_cursor: nextCursor }) => (
          <Stack>
            {data.length === 0 ? <Empty title="Nothing was changed yet" /> : <AuditTable entries={data} />}
            <PageButtons paging={paging} nextCursor={nextCursor} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

function AuditTable({ entries }: { entries: AuditEntry[] }) {
  return (
    <div className="wide sheet" tabIndex={0} role="region" aria-label="Changes">
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>To whom</Table.Th>
            <Table.Th>Changes</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Table.Tr key={entry.id}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <Time at={entry.at} />
              </Table.Td>
              <Table.Td>{entry.actor}</Table.Td>
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
                    className="long"
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
    <Text key={field} size="sm" className="long">
      {field}: {shown(from)} → {shown(to)}
    </Text>
  ));
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
