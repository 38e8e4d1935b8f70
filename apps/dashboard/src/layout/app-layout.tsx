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
import { unwrap } from '../api/api.js';
import { notifyError } from '../components/notify.js';
import { useSession } from '../session/use-session.js';
import { Logo } from './logo.js';

interface NavItem {
  to: string;
  label: string;
  /** The item is also current at addresses below this path. */
  section?: string;
}

const OWNER_ITEMS: NavItem[] = [
  { to: '/', label: 'Webhooks', section: '/webhooks' },
  { to: '/stream', label: 'Live stream' },
  { to: '/event-types', label: 'Event types', section: '/event-types' },
];
const OPERATOR_ITEMS: NavItem[] = [
  { to: '/operator', label: 'Overview' },
  { to: '/operator/webhooks', label: 'All webhooks', section: '/operator/webhooks' },
  { to: '/operator/owners', label: 'Owners' },
  { to: '/operator/audit', label: 'Audit log' },
];

/** The frame of every page: header, navigation, the signed-in user and the sign-out button. */
export function AppLayout({ children }: { children: ReactNode }) {
  const { subject, scopes, signOut } = useSession();
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 230, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip-link" href="#page">
        Skip to content
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
          <ColourSchemeSwitch />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label="Main">
        <AppShell.Section grow>
          <NavItems items={OWNER_ITEMS} onNavigate={close} />
          {scopes.has('admin') && (
            <>
              <Divider my="sm" label="Operator" labelPosition="left" />
              <NavItems items={OPERATOR_ITEMS} onNavigate={close} />
              <QueuesItem />
            </>
          )}
        </AppShell.Section>
        <AppShell.Section>
          <Divider mb="sm" />
          <Stack gap="xs">
            <Text size="sm" className="break-anywhere">
              Signed in as <strong>{subject}</strong>
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

function NavItems({ items, onNavigate }: { items: NavItem[]; onNavigate: () => void }) {
  const [location] = useLocation();
  return items.map(({ to, label, section }) => {
    const isCurrent = location === to || (section !== undefined && (location === section || location.startsWith(`${section}/`)));
    return (
      <NavLink
        key={to}
        className="nav-item"
        component={Link}
        href={to}
        label={label}
        active={isCurrent}
        aria-current={isCurrent ? 'page' : undefined}
        onClick={onNavigate}
      />
    );
  });
}

/** Opens the queue pages of bull-board. They authenticate by a cookie, so a browser session is created first. */
function QueuesItem() {
  const { api } = useSession();
  const openSession = useMutation({
    mutationFn: () => unwrap(api.api.POST('/api/admin/queues/session')),
    onSuccess: ({ url }) => {
      window.location.assign(url);
    },
    onError: (error) => {
      notifyError('The queue pages could not be opened', error);
    },
  });
  return (
    <NavLink
      component="button"
      className="nav-item"
      label="Queues"
      disabled={openSession.isPending}
      onClick={() => {
        openSession.mutate();
      }}
    />
  );
}

function ColourSchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isDark = colorScheme === 'dark' || (colorScheme === 'auto' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={isDark ? 'Use light colours' : 'Use dark colours'}
      onClick={() => {
        setColorScheme(isDark ? 'light' : 'dark');
      }}
    >
      <svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden>
        {isDark ? (
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
