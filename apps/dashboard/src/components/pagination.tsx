import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';

/** The position in a list with cursor pagination. */
export interface Pagination {
  cursor: string | undefined;
  page: number;
  next: (cursor: string) => void;
  back: () => void;
  reset: () => void;
}

/** Keeps the cursors of the visited pages, so that the user can also go back. */
export function usePagination(): Pagination {
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

interface PaginationButtonsProps {
  pagination: Pagination;
  nextCursor: string | null;
  /** The labels of the two buttons. Default: those of a list whose newest items are first. */
  labels?: readonly [back: string, next: string];
}

/** Buttons for the previous and the next page; empty when the list has only one page. */
export function PaginationButtons({ pagination, nextCursor, labels = ['Newer', 'Older'] }: PaginationButtonsProps) {
  const [back, next] = labels;
  if (pagination.page === 1 && nextCursor === null) return null;
  return (
    <Group justify="center" component="nav" aria-label="Pages">
      <Button variant="default" size="xs" disabled={pagination.page === 1} onClick={pagination.back}>
        {back}
      </Button>
      <Text size="sm">Page {pagination.page}</Text>
      <Button
        variant="default"
        size="xs"
        disabled={nextCursor === null}
        onClick={() => {
          if (nextCursor !== null) pagination.next(nextCursor);
        }}
      >
        {next}
      </Button>
    </Group>
  );
}
