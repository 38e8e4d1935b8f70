import { Button, Group, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, useSearchParams } from 'wouter';
import { EmptyState } from '../components/empty-state.js';
import { PaginationButtons, usePagination } from '../components/pagination.js';
import { QueryResult } from '../components/query-result.js';
import { Page } from '../layout/page.js';
import { mayWriteEventTypes } from '../session/may-write-event-types.js';
import { useSession } from '../session/use-session.js';
import { EventTypeList } from './event-type-list.js';
import { useEventTypes } from './queries.js';

const DEBOUNCE_MS = 300;
/** The longest text that the API searches for. */
const MAX_FILTER = 100;

/** The event types, page by page. The filters are in the address, so that the page can be linked to. */
export function CatalogPage() {
  const { scopes } = useSession();
  const [params, setParams] = useSearchParams();
  const filter = {
    search: params.get('search') ?? '',
    group: params.get('group') ?? '',
    archived: params.get('archived') === 'true',
  };
  const pagination = usePagination();
  const [search] = useDebouncedValue(filter.search.trim(), DEBOUNCE_MS);
  const [group] = useDebouncedValue(filter.group.trim(), DEBOUNCE_MS);
  const types = useEventTypes({ ...filter, search, group }, pagination.cursor);
  const isFiltered = search !== '' || group !== '';
  const setFilter = (name: keyof typeof filter, value: string): void => {
    pagination.reset();
    setParams(
      (previous) => {
        const next = new URLSearchParams(previous);
        if (value === '') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  };
  return (
    <Page
      title="Event types"
      actions={
        mayWriteEventTypes(scopes) && (
          <Button component={Link} href="/event-types/new">
            New event type
          </Button>
        )
      }
    >
      <Group align="flex-end" role="search" aria-label="Filter the event types">
        <TextInput
          label="Search"
          placeholder="Name, title or description"
          maxLength={MAX_FILTER}
          type="search"
          flex={{ base: '1 1 100%', sm: '1 1 16rem' }}
          maw={420}
          value={filter.search}
          onChange={(event) => {
            setFilter('search', event.currentTarget.value);
          }}
        />
        <TextInput
          label="Group"
          placeholder="Any"
          maxLength={MAX_FILTER}
          value={filter.group}
          onChange={(event) => {
            setFilter('group', event.currentTarget.value);
          }}
        />
        <Switch
          label="Archived"
          pb={8}
          checked={filter.archived}
          onChange={(event) => {
            setFilter('archived', event.currentTarget.checked ? 'true' : '');
          }}
        />
      </Group>
      <QueryResult name="event types" query={types}>
        {({ data, next_cursor: nextCursor }) => (
          <Stack>
            {data.length === 0 ? (
              <NoTypes isFiltered={isFiltered} archived={filter.archived} />
            ) : (
              <EventTypeList
                types={data}
                onGroup={(name) => {
                  setFilter('group', name);
                }}
              />
            )}
            <PaginationButtons pagination={pagination} nextCursor={nextCursor} labels={['Previous', 'Next']} />
          </Stack>
        )}
      </QueryResult>
    </Page>
  );
}

function NoTypes({ isFiltered, archived }: { isFiltered: boolean; archived: boolean }) {
  if (isFiltered) {
    return (
      <EmptyState title="No matching event types">
        <Text size="sm" c="dimmed">
          Change or clear the search and the group.
        </Text>
      </EmptyState>
    );
  }
  return <EmptyState title={archived ? 'No event type is archived' : 'No event types yet'} />;
}
