import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';

/** How much something asks for attention. */
export type Tone = 'good' | 'busy' | 'warning' | 'bad' | 'quiet';

const COLOURS: Record<Tone, string> = { good: 'green', busy: 'blue', warning: 'orange', bad: 'red', quiet: 'gray' };

/** A state in a word or two; the words tell it, the colour repeats it. */
export function State({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <Badge color={COLOURS[tone]} variant="light" tt="none" size="md" radius="sm">
      {children}
    </Badge>
  );
}
