import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Button,
  Divider,
  Group,
  NavLink,
  Stack,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { answerTo } from '../api/api.js';
import { useSession } from '../session/use-session.js';
import { tellFailed } from '../shown/tell.js';
import { Logo } from './logo.js';

interface Place {
  to: string;
  label: string;
  /** Where one is as well when one is here. */
  below?: string;
}

const OWN: Place[] = [
  { to: '/', label: 'Webhooks', below: '/webhooks' },
  { to: '/stream', label: 'Live stream' },
  { to: '/event-types', label: 'Event types' },
];
const OPERATOR: Place[] = [
  { to: '/operator', label: 'Overview' },
  { to: '/operator/webhooks', label: 'All webhooks', below: '/operator/webhooks' },
  { to: '/operator/users', label: 'Users' },
  { to: '/operator/audit', label: 'Audit log' },
];

/** What stands around every page: where one can go, who one is, and the way out. */
export function Frame({ children }: { children: ReactNode }) {
  const { userId, scopes, signOut } = useSession();
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 230, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" aria-expanded={opened} />
            <Logo />
            <Text fw={700} size="lg">
              Tidings
            </Text>
          </Group>
          <SchemeSwitch />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Main">
        <AppShell.Section grow>
          <Places places={OWN} onGo={close} />
          {scopes.has('admin') && (
            <>
              <Divider my="sm" label="Operator" labelPosition="left" />
              <Places places={OPERATOR} onGo={close} />
              <Queues />
            </>
          )}
        </AppShell.Section>
        <AppShell.Section>
          <Divider mb="sm" />
          <Stack gap="xs">
            <Text size="sm" className="long">
              Signed in as <strong>{userId}</strong>
            </Text>
            <Group gap={4}>
              {[...scopes].map((scope) => (
                <Badge key={scope} variant="default" tt="none">
                  {scope}
                </Badge>
              ))}
            </Group>
            <Button
              variant="default"
              size="xs"
              onClick={() => {
                signOut();
              }}
            >
              Sign out
            </Button>
          </Stack>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

function Places({ places, onGo }: { places: Place[]; onGo: () => void }) {
  const [location] = useLocation();
  return places.map(({ to, label, below }) => {
    const here = location === to || (below !== undefined && (location === below || location.startsWith(`${below}/`)));
    return (
      <NavLink
        key={to}
        className="place"
        component={Link}
        href={to}
        label={label}
        active={here}
        aria-current={here ? 'page' : undefined}
        onClick={onGo}
      />
    );
  });
}

/** BullMQ's own pages, which know the browser by a cookie that is asked for first. */
function Queues() {
  const { api } = useSession();
  const visit = useMutation({
    mutationFn: () => answerTo(api.api.POST('/api/admin/queues/visit')),
    onSuccess: ({ url }) => {
      window.location.assign(url);
    },
    onError: (error) => {
      tellFailed('The queues cannot be shown', error);
    },
  });
  return (
    <NavLink
      component="button"
      className="place"
      label="Queues"
      disabled={visit.isPending}
      onClick={() => {
        visit.mutate();
      }}
    />
  );
}

function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const dark = colorScheme === 'dark' || (colorScheme === 'auto' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={dark ? 'Use light colours' : 'Use dark colours'}
      onClick={() => {
        setColorScheme(dark ? 'light' : 'dark');
      }}
    >
      <svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden>
        {dark ? (
          <>
            <circle cx="12" cy="12" r="4" />
            <path d="M12 2v3M12 19v3M2 12h3M19 12h3M4.900 4.900l2.100 2.100M17 17l2.100 2.100M4.900 19.100l2.100-2.100M17 7l2.100-2.100" />
          </>
        ) : (
          <path d="M20 14.500A8 8 0 1 1 9.500 4a6.500 6.500 0 0 0 10.500 10.500z" />
        )}
      </svg>
    </ActionIcon>
  );
}
