import { Accordion, Badge, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { Page } from '../frame/page.js';
import { useSession } from '../session/use-session.js';
import { Json } from '../shown/json.js';
import { Empty, Loaded } from '../shown/waiting.js';
import { useCatalog } from '../webhooks/queries.js';
import { SendExample } from './send-example.js';

/** Every type of event: who sees it, what it looks like, and what it may hold. */
export function CatalogPage() {
  const catalog = useCatalog();
  const { scopes } = useSession();
  return (
    <Page title="Event types">
      <Loaded what="catalog" query={catalog}>
        {(types) =>
          types.length === 0 ? (
            <Empty title="The catalog is empty" />
          ) : (
            <Accordion variant="separated" order={2} keepMounted={false}>
              {types.map((eventType) => (
                <Accordion.Item key={eventType.type} value={eventType.type}>
                  <Accordion.Control>
                    <Group gap="sm">
                      <Text fw={600}>{eventType.type}</Text>
                      <Badge variant="default" tt="none" radius="sm">
                        {eventType.audience === 'everyone' ? 'for everyone' : 'for its user'}
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
                          <Title order={3}>An example</Title>
                          <Json value={eventType.example} label={`An example of ${eventType.type}`} />
                        </div>
                        <div>
                          <Title order={3}>Its JSON Schema</Title>
                          <Json value={eventType.schema} label={`The schema of ${eventType.type}`} />
                        </div>
                      </SimpleGrid>
                      {scopes.has('events:publish') && <SendExample eventType={eventType} />}
                    </Stack>
                  </Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          )
        }
      </Loaded>
    </Page>
  );
}
