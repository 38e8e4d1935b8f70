import { Alert, Anchor, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Link, useSearchParams } from 'wouter';
import { DescriptionList } from '../components/description-list.js';
import { JsonBlock } from '../components/json-block.js';
import { QueryResult } from '../components/query-result.js';
import { RelativeTime } from '../components/relative-time.js';
import { Page } from '../layout/page.js';
import { mayPublish } from '../session/may-publish.js';
import { mayWriteEventTypes } from '../session/may-write-event-types.js';
import { useSession } from '../session/use-session.js';
import type { EventType } from './event-types-api.js';
import { CATALOG, eventTypePath, versionOf } from './paths.js';
import { useEventType } from './queries.js';
import { SendExample } from './send-example.js';
import { TypeActions } from './type-actions.js';
import { VersionSelect } from './version-select.js';

/** An event type: what its events are for, and the schema and the examples of a version. */
export function TypePage({ type }: { type: string }) {
  const { scopes } = useSession();
  const [params] = useSearchParams();
  const eventType = useEventType(type, versionOf(params));
  return (
    <Page
      title={type}
      parent={CATALOG}
      actions={eventType.data && mayWriteEventTypes(scopes) && <TypeActions eventType={eventType.data} />}
    >
      <QueryResult name="event type" query={eventType}>
        {(loaded) => (
          <>
            <StateAlerts eventType={loaded} />
            <Summary eventType={loaded} />
            <Contract key={loaded.version} eventType={loaded} />
          </>
        )}
      </QueryResult>
    </Page>
  );
}

function StateAlerts({ eventType }: { eventType: EventType }) {
  const { archived_at: archivedAt, deprecated_at: deprecatedAt, replaced_by: replacedBy } = eventType;
  return (
    <>
      {archivedAt !== null && (
        <Alert color="gray" title="Archived">
          Tidings refuses new events of this type since it was archived <RelativeTime at={archivedAt} />. Logged events stay
          readable.
        </Alert>
      )}
      {deprecatedAt !== null && (
        <Alert
          color="orange"
          title={
            <>
              Deprecated <RelativeTime at={deprecatedAt} />
            </>
          }
        >
          {replacedBy === null ? (
            'Tidings still accepts its events, but services should stop publishing them.'
          ) : (
            <>
              Use{' '}
              <Anchor component={Link} href={eventTypePath(replacedBy)} inherit c="inherit" underline="always">
                {replacedBy}
              </Anchor>{' '}
              instead. Tidings still accepts events of both.
            </>
          )}
        </Alert>
      )}
    </>
  );
}

function Summary({ eventType }: { eventType: EventType }) {
  return (
    <Stack gap="sm">
      {eventType.description !== '' && <Text className="break-anywhere">{eventType.description}</Text>}
      <DescriptionList
        items={[
          ['Title', eventType.title ?? '–'],
          ['Group', eventType.group ?? '–'],
          ['Changed', <RelativeTime key="changed" at={eventType.updated_at} />],
        ]}
      />
    </Stack>
  );
}

/** The parts that belong to one version. */
function Contract({ eventType }: { eventType: EventType }) {
  const { scopes } = useSession();
  const { type, version, examples, schema, archived_at: archivedAt } = eventType;
  const name = `${type}, version ${String(version)}`;
  return (
    <Stack>
      <VersionSelect eventType={eventType} />
      <DescriptionList
        items={[
          ['Audience', <Audience key="audience" eventType={eventType} />],
          ['Unknown fields', eventType.unknown_fields === 'refuse' ? 'are refused' : 'are kept and delivered'],
        ]}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Stack gap="xs">
          <Title order={2}>{examples.length > 1 ? 'Examples' : 'Example'}</Title>
          {examples.length === 0 && <Text size="sm">This version has no example.</Text>}
          {examples.map((example, index) => (
            <JsonBlock key={index} value={example} label={`Example ${String(index + 1)} of ${name}`} />
          ))}
        </Stack>
        <Stack gap="xs">
          <Title order={2}>JSON Schema</Title>
          <JsonBlock value={schema} label={`JSON Schema of ${name}`} />
        </Stack>
      </SimpleGrid>
      {archivedAt === null && mayPublish(scopes, type) && <SendExample eventType={eventType} />}
    </Stack>
  );
}

function Audience({ eventType: { audience, owner_field: ownerField } }: { eventType: EventType }) {
  if (audience === 'everyone') return 'All owners';
  return (
    <>
      One owner, whom the field <code>{ownerField}</code> names
    </>
  );
}
