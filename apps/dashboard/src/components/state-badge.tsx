import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';

/** The meaning of a badge's colour. */
export type Tone = 'good' | 'busy' | 'warning' | 'bad' | 'neutral';

const COLOURS: Record<Tone, string> = { good: 'green', busy: 'blue', warning: 'orange', bad: 'red', neutral: 'gray' };

/** A state in one or two words. The colour only repeats the meaning of the words. */
export function StateBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <Badge color={COLOURS[tone]} variant="light" tt="none" size="md" radius="sm">
      {children}
    </Badge>
  );
}
