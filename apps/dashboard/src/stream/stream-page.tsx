import { Alert, Button, Group, MultiSelect, Paper, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { Page } from '../frame/page.js';
import { useSession } from '../session/use-session.js';
import { count, counted } from '../shown/numbers.js';
import { State, type Tone } from '../shown/tone.js';
import { Empty } from '../shown/waiting.js';
import { patternsOf } from '../webhooks/fields.js';
import { useCatalog } from '../webhooks/queries.js';
import { EventRow } from './event-row.js';
import { matches } from './matches.js';
import { useStream, type Line } from './use-stream.js';

const SHOWN: Record<Line['state'], [label: string, tone: Tone]> = {
  connecting: ['Connecting …', 'busy'],
  live: ['Live', 'good'],
  waiting: ['Reconnecting …', 'warning'],
  ended: ['Ended', 'bad'],
};

/** The live stream: what happens, as it happens. */
export function StreamPage() {
  const { scopes } = useSession();
  const [all, setAll] = useState(false);
  const { line, recent, held, gap, happen } = useStream(all ? 'all' : 'own');
  const catalog = useCatalog();
  const [patterns, setPatterns] = useState<string[]>([]);
  const shown = recent.arrivals.filter(({ event }) => matches(patterns, event.type));
  const [label, tone] = SHOWN[line.state];
  return (
    <Page
      title="Live stream"
      actions={
        <>
          <Button
            variant="default"
            onClick={() => {
              happen({ kind: held === null ? 'pause' : 'go-on' });
            }}
          >
            {held === null ? 'Pause' : `Go on${held.length > 0 ? ` (${count(held.length)} new)` : ''}`}
          </Button>
          <Button
            variant="default"
            onClick={() => {
              happen({ kind: 'clear' });
            }}
          >
            Clear
          </Button>
        </>
      }
    >
      <Group align="center" gap="md">
        <div role="status" aria-label="Connection">
          <State tone={tone}>{label}</State>
        </div>
        <MultiSelect
          aria-label="Show only these types"
          placeholder={patterns.length === 0 ? 'Show every type' : ''}
          data={patternsOf(catalog.data ?? [])}
          value={patterns}
          onChange={setPatterns}
          clearable
          searchable
          clearButtonProps={{ 'aria-label': 'Show every type' }}
          miw={240}
          flex={{ base: '1 1 100%', sm: '0 1 28rem' }}
        />
        {scopes.has('admin') && (
          <Switch
            label="Everybody's events"
            checked={all}
            onChange={(event) => {
              happen({ kind: 'clear' });
              setAll(event.currentTarget.checked);
            }}
          />
        )}
      </Group>
      {line.state === 'waiting' && (
        <Text size="sm" c="dimmed">
          {line.reason} What happens meanwhile comes as soon as there is one again.
        </Text>
      )}
      {line.state === 'ended' && (
        <Alert color="red" title="The stream has ended" role="alert">
          {line.reason} Load the page again to go on.
        </Alert>
      )}
      {gap && (
        <Alert color="orange" title="Some events may be missing">
          The log no longer has the event {gap.lastEventId}, behind which the stream was to go on.
        </Alert>
      )}
      {shown.length === 0 ? (
        <Empty title={recent.arrivals.length > 0 ? 'No event of these types' : 'Nothing yet'}>
          <Text size="sm" c="dimmed">
            Events appear here as they are accepted, from the moment you opened this page.
          </Text>
        </Empty>
      ) : (
        <Stack gap={4}>
          <Text size="sm" c="dimmed">
            {counted(shown.length, 'event')}, newest first
            {recent.dropped > 0 && `; ${count(recent.dropped)} older ones are no longer shown`}
          </Text>
          <Paper withBorder component="ol" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Events">
            {shown.map(({ event, at }) => (
              <EventRow key={event.id} event={event} at={at} />
            ))}
          </Paper>
        </Stack>
      )}
    </Page>
  );
}
