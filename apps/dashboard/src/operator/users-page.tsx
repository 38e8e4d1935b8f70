import { Anchor, Button, Group, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { Page } from '../frame/page.js';
import { count, duration } from '../shown/numbers.js';
import { State } from '../shown/tone.js';
import { Empty, Loaded } from '../shown/waiting.js';
import { useUsers, type User } from './queries.js';
import { UserLimits } from './user-limits.js';

/** Who uses the most, and what each of them may. */
export function UsersPage() {
  const users = useUsers();
  const [chosen, setChosen] = useState<User | null>(null);
  return (
    <Page title="Users">
      <Text size="sm" c="dimmed">
        By attempts in the last hour, most first; 200 at most.
      </Text>
      <Loaded what="users" query={users}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nobody has a webhook yet" />
          ) : (
            <div className="wide sheet" tabIndex={0} role="region" aria-label="Users">
              <Table verticalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>User</Table.Th>
                    <Table.Th ta="right">Attempts</Table.Th>
                    <Table.Th ta="right">Failed</Table.Th>
                    <Table.Th ta="right">Pending</Table.Th>
                    <Table.Th ta="right">Sending</Table.Th>
                    <Table.Th ta="right">Webhooks</Table.Th>
                    <Table.Th ta="right">Requests a minute</Table.Th>
                    <Table.Th>Change</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.map((user) => (
                    <Row key={user.owner} user={user} onChange={setChosen} />
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Loaded>
      {chosen && (
        <UserLimits
          key={chosen.owner}
          user={chosen}
          onClose={() => {
            setChosen(null);
          }}
        />
      )}
    </Page>
  );
}

function Row({ user, onChange }: { user: User; onChange: (user: User) => void }) {
  return (
    <Table.Tr>
      <Table.Td miw={140}>
        <Group gap="xs">
          <Anchor component={Link} href={`/operator/webhooks?user=${encodeURIComponent(user.owner)}`} size="sm" className="long">
            {user.owner}
          </Anchor>
          {user.disabled && <State tone="bad">Disabled</State>}
        </Group>
      </Table.Td>
      <Table.Td ta="right">{count(user.attempts)}</Table.Td>
      <Table.Td ta="right">{count(user.failed)}</Table.Td>
      <Table.Td ta="right">{count(user.pending)}</Table.Td>
      <Table.Td ta="right">{duration(user.busy_ms)}</Table.Td>
      <Table.Td ta="right">
        {count(user.webhooks)}
        {user.webhooks_limit !== null && ` of ${count(user.webhooks_limit)}`}
      </Table.Td>
      <Table.Td ta="right">{user.requests_per_minute === null ? 'default' : count(user.requests_per_minute)}</Table.Td>
      <Table.Td>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Change ${user.owner}`}
          onClick={() => {
            onChange(user);
          }}
        >
          Change
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
