import { Accordion, Badge, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { EmptyState } from '../components/empty-state.js';
import { JsonBlock } from '../components/json-block.js';
import { QueryResult } from '../components/query-result.js';
import { Page } from '../layout/page.js';
import { mayPublish } from '../session/may-publish.js';
import { useSession } from '../session/use-session.js';
import { useCatalog } from '../webhooks/queries.js';
import { SendExample } from './send-example.js';

/** All event types with audience, example and JSON Schema. */
export function CatalogPage() {
  const catalog = useCatalog();
  const { scopes } = useSession();
  return (
    <Page title="Event types">
      <QueryResult name="catalog" query={catalog}>
        {(types) =>
          types.length === 0 ? (
            <EmptyState title="The catalog is empty" />
          ) : (
            <Accordion variant="separated" order={2} keepMounted={false}>
              {types.map((eventType) => (
                <Accordion.Item key={eventType.type} value={eventType.type}>
                  <Accordion.Control>
                    <Group gap="sm">
                      <Text fw={600}>{eventType.type}</Text>
                      <Badge variant="default" tt="none" radius="sm">
                        {eventType.audience === 'everyone' ? 'for all owners' : 'for one owner'}
                      </Badge>
                    </Group>
                    <Text size="sm" c="dimmed">
                      {eventType.description}
                    </Text>
                  </Accordion.Control>
                  <Accordion.Panel>
                    <Stack>
                      <SimpleGrid cols={{ base: 1, md: 2 }}>
                        <div>
                          <Title order={3}>Example</Title>
                          <JsonBlock value={eventType.example} label={`Example of ${eventType.type}`} />
                        </div>
                        <div>
                          <Title order={3}>JSON Schema</Title>
                          <JsonBlock value={eventType.schema} label={`JSON Schema of ${eventType.type}`} />
                        </div>
                      </SimpleGrid>
                      {mayPublish(scopes, eventType.type) && <SendExample eventType={eventType} />}
                    </Stack>
                  </Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          )
        }
      </QueryResult>
    </Page>
  );
}
