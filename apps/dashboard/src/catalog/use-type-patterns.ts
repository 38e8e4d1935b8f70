import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { useEventTypeSearch } from './queries.js';
import { searchOfPattern, typePatterns } from './type-patterns.js';

const DEBOUNCE_MS = 300;

/**
 * Returns the props of a `Select` or `MultiSelect` of event type patterns. The API searches, so that a catalog of thousands is
 * no longer than one page.
 *
 * @param selected the patterns that are chosen: they stay options whatever is searched for
 * @param withVersions whether single versions can be chosen
 */
export function useTypePatterns(selected: readonly string[], { withVersions = false }: { withVersions?: boolean } = {}) {
  const [searchValue, onSearchChange] = useState('');
  // A `Select` shows the chosen pattern as its search text; that searches for nothing.
  const search = selected.includes(searchValue) ? '' : searchOfPattern(searchValue);
  const [debounced] = useDebouncedValue(search, DEBOUNCE_MS);
  const found = useEventTypeSearch(debounced);
  return {
    searchable: true,
    searchValue,
    onSearchChange,
    data: [...new Set([...typePatterns(found.data ?? [], { withVersions }), ...selected])],
    filter: <Options>({ options }: { options: Options }) => options,
    nothingFoundMessage: found.isFetching ? 'Searching …' : 'No matching event type',
  };
}
