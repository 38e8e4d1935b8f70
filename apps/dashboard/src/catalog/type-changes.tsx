import { Anchor, Code, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import { StateBadge } from '../components/state-badge.js';
import { formatQuantity } from '../format/numbers.js';
import { useSession } from '../session/use-session.js';
import { EventTypeBadges } from '../webhooks/event-type-badges.js';
import type { AffectedWebhook, EventTypeChanges, TypeChange } from './event-types-api.js';

interface TypeChangesProps {
  changes: Pick<EventTypeChanges, 'changes' | 'webhooks' | 'more_webhooks'>;
  headingOrder?: 2 | 3;
}

/** The differences to the contract from before, with whom each breaks, and the webhooks that get the events. */
export function TypeChanges({ changes: { changes, webhooks, more_webhooks: more }, headingOrder = 2 }: TypeChangesProps) {
  return (
    <Stack gap="sm">
      <Title order={headingOrder}>Changes</Title>
      {changes.length === 0 ? (
        <Text size="sm">Nothing changes for publishers and receivers.</Text>
      ) : (
        <ChangeList changes={changes} />
      )}
      {changes.length > 0 && (
        <>
          <Title order={headingOrder}>Webhooks affected</Title>
          {webhooks.length === 0 ? (
            <Text size="sm">No webhook gets these events.</Text>
          ) : (
            <WebhookList webhooks={webhooks} more={more} />
          )}
        </>
      )}
    </Stack>
  );
}

/** The differences between two contracts, with whom each breaks. */
function ChangeList({ changes }: { changes: readonly TypeChange[] }) {
  return (
    <Stack component="ul" gap="xs" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Changes">
      {changes.map((change) => (
        <li key={`${change.path} ${change.kind} ${change.message}`}>
          <Group gap={6}>
            <Code className="break-anywhere">{change.path}</Code>
            {change.breaks.length === 0 ? (
              <StateBadge tone="good">breaks nobody</StateBadge>
            ) : (
              change.breaks.map((party) => (
                <StateBadge key={party} tone="bad">
                  {`breaks ${party}`}
                </StateBadge>
              ))
            )}
          </Group>
          <Text size="sm" className="break-anywhere">
            {change.message}
          </Text>
        </li>
      ))}
    </Stack>
  );
}

function WebhookList({ webhooks, more }: { webhooks: readonly AffectedWebhook[]; more: boolean }) {
  const { scopes } = useSession();
  return (
    <Stack gap="xs">
      <Text size="sm">
        {more ? `More than ${formatQuantity(webhooks.length, 'webhook')}` : formatQuantity(webhooks.length, 'webhook')}
      </Text>
      <Stack component="ul" gap={6} p={0} m={0} style={{ listStyle: 'none' }} aria-label="Webhooks affected">
        {webhooks.map(({ id, owner, event_types: patterns }) => (
          <li key={id}>
            <Group gap={6}>
              {scopes.has('admin') ? (
                <Anchor component={Link} href={`/operator/webhooks/${id}`} size="sm" className="break-anywhere">
                  {id}
                </Anchor>
              ) : (
                <Text size="sm" className="break-anywhere">
                  {id}
                </Text>
              )}
              <Text size="sm" c="dimmed" className="break-anywhere">
                of {owner}
              </Text>
              <EventTypeBadges patterns={patterns} />
            </Group>
          </li>
        ))}
      </Stack>
    </Stack>
  );
}
