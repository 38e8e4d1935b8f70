import { Anchor, Group, Stack, Title } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';

interface PageProps {
  title: string;
  /** The link to the page above this one. */
  parent?: { to: string; label: string };
  /** Buttons beside the heading. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The first page does not move the focus: screen readers start at the top of the document. */
let isFirstPage = true;

/** A page with its heading. After navigation the heading gets the focus, so that screen readers announce the page. */
export function Page({ title, parent, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tidings`;
  }, [title]);
  useEffect(() => {
    if (!isFirstPage) heading.current?.focus();
    isFirstPage = false;
  }, []);
  return (
    <Stack maw={1180} mx="auto" gap="lg">
      <Stack gap={4}>
        {parent && (
          <Anchor component={Link} href={parent.to} size="sm">
            ← {parent.label}
          </Anchor>
        )}
        <Group justify="space-between" gap="sm">
          <Title order={1} ref={heading} tabIndex={-1} className="break-anywhere">
            {title}
          </Title>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </Stack>
      {children}
    </Stack>
  );
}
