import { Anchor, Group, Stack, Title } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';

interface PageProps {
  title: string;
  /** Where one came from. */
  up?: { to: string; label: string };
  /** What can be done here. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The first page is read from its beginning; those after it from their heading. */
let first = true;

/** One page: its heading, which a screen reader is taken to, and what is below it. */
export function Page({ title, up, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tidings`;
  }, [title]);
  useEffect(() => {
    if (!first) heading.current?.focus();
    first = false;
  }, []);
  return (
    <Stack maw={1180} mx="auto" gap="lg">
      <Stack gap={4}>
        {up && (
          <Anchor component={Link} href={up.to} size="sm">
            ← {up.label}
          </Anchor>
        )}
        <Group justify="space-between" gap="sm">
          <Title order={1} ref={heading} tabIndex={-1} className="long">
            {title}
          </Title>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </Stack>
      {children}
    </Stack>
  );
}
