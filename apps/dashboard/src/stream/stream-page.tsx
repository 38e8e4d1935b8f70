import { Alert, Button, Group, MultiSelect, Paper, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useTypePatterns } from '../catalog/use-type-patterns.js';
import { EmptyState } from '../components/empty-state.js';
import { StateBadge, type Tone } from '../components/state-badge.js';
import { formatCount, formatQuantity } from '../format/numbers.js';
import { Page } from '../layout/page.js';
import { useSession } from '../session/use-session.js';
import { EventRow } from './event-row.js';
import { matchesPatterns } from './matches-patterns.js';
import { useStream, type Connection } from './use-stream.js';

const CONNECTION_BADGES: Record<Connection['state'], [label: string, tone: Tone]> = {
  connecting: ['Connecting …', 'busy'],
  live: ['Live', 'good'],
  reconnecting: ['Reconnecting …', 'warning'],
  ended: ['Ended', 'bad'],
};

/** The live stream of events, with pause and filter. */
export function StreamPage() {
  const { scopes } = useSession();
  const [allUsers, setAllUsers] = useState(false);
  const { connection, recent, held, gap, dispatch } = useStream(allUsers ? 'all' : 'own');
  const [patterns, setPatterns] = useState<string[]>([]);
  const options = useTypePatterns(patterns);
  const shown = recent.events.filter(({ event }) => matchesPatterns(patterns, event.type));
  const [label, tone] = CONNECTION_BADGES[connection.state];
  return (
    <Page
      title="Live stream"
      actions={
        <>
          <Button
            variant="default"
            onClick={() => {
              dispatch({ type: held === null ? 'pause' : 'resume' });
            }}
          >
            {held === null ? 'Pause' : `Resume${held.length > 0 ? ` (${formatCount(held.length)} new)` : ''}`}
          </Button>
          <Button
            variant="default"
            onClick={() => {
              dispatch({ type: 'clear' });
            }}
          >
            Clear
          </Button>
        </>
      }
    >
      <Group align="center" gap="md">
        <div role="status" aria-label="Connection">
          <StateBadge tone={tone}>{label}</StateBadge>
        </div>
        <MultiSelect
          aria-label="Filter by event type"
          placeholder={patterns.length === 0 ? 'All event types' : ''}
          {...options}
          value={patterns}
          onChange={setPatterns}
          clearable
          clearButtonProps={{ 'aria-label': 'Show all event types' }}
          miw={240}
          flex={{ base: '1 1 100%', sm: '0 1 28rem' }}
        />
        {scopes.has('admin') && (
          <Switch
            label="Events of all owners"
            checked={allUsers}
            onChange={(event) => {
              dispatch({ type: 'clear' });
              setAllUsers(event.currentTarget.checked);
            }}
          />
        )}
      </Group>
      {connection.state === 'reconnecting' && (
        <Text size="sm" c="dimmed">
          {connection.reason} Missed events appear after the connection is restored.
        </Text>
      )}
      {connection.state === 'ended' && (
        <Alert color="red" title="The stream has ended" role="alert">
          {connection.reason} Reload the page to reconnect.
        </Alert>
      )}
      {gap && (
        <Alert color="orange" title="Some events may be missing">
          The stream could not resume after event {gap.lastEventId}: the event log no longer contains it.
        </Alert>
      )}
      {shown.length === 0 ? (
        <EmptyState title={recent.events.length > 0 ? 'No matching events' : 'No events yet'}>
          <Text size="sm" c="dimmed">
            New events appear here as soon as Tidings accepts them. Events from before you opened this page are not shown.
          </Text>
        </EmptyState>
      ) : (
        <Stack gap={4}>
          <Text size="sm" c="dimmed">
            {formatQuantity(shown.length, 'event')}, newest first
            {recent.droppedCount > 0 && `; ${formatCount(recent.droppedCount)} older events are no longer shown`}
          </Text>
          <Paper withBorder component="ol" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Events">
            {shown.map(({ event, receivedAt }) => (
              <EventRow key={event.id} event={event} receivedAt={receivedAt} />
            ))}
          </Paper>
        </Stack>
      )}
    </Page>
  );
}
