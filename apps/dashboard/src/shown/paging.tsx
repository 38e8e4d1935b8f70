import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';

/** Where one is in a list that goes on: the cursors of the pages up to this one. */
export interface Paging {
  cursor: string | undefined;
  page: number;
  next: (cursor: string) => void;
  back: () => void;
  reset: () => void;
}

/** Pages forward and back through a list by cursors. */
export function usePaging(): Paging {
  const [cursors, setCursors] = useState<string[]>([]);
  return {
    cursor: cursors.at(-1),
    page: cursors.length + 1,
    next(cursor) {
      setCursors([...cursors, cursor]);
    },
    back() {
      setCursors(cursors.slice(0, -1));
    },
    reset() {
      setCursors([]);
    },
  };
}

/** The buttons of a list's pages; nothing where there is one page only. */
export function PageButtons({ paging, nextCursor }: { paging: Paging; nextCursor: string | null }) {
  if (paging.page === 1 && nextCursor === null) return null;
  return (
    <Group justify="center" component="nav" aria-label="Pages">
      <Button variant="default" size="xs" disabled={paging.page === 1} onClick={paging.back}>
        Newer
      </Button>
      <Text size="sm">Page {paging.page}</Text>
      <Button
        variant="default"
        size="xs"
        disabled={nextCursor === null}
        onClick={() => {
          if (nextCursor !== null) paging.next(nextCursor);
        }}
      >
        Older
      </Button>
    </Group>
  );
}
