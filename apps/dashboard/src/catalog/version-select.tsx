import { NativeSelect, Text } from '@mantine/core';
import { useLocation } from 'wouter';
import type { EventType } from './event-types-api.js';
import { eventTypePath } from './paths.js';

/** Chooses the version that the page shows. */
export function VersionSelect({ eventType }: { eventType: EventType }) {
  const [, navigate] = useLocation();
  const { type, version, versions, default_version: defaultVersion } = eventType;
  // An archived version is shown when its address is opened, but not offered.
  const offered = versions.includes(version) ? versions : [...versions, version].sort((one, other) => one - other);
  if (offered.length === 1) {
    return (
      <Text size="sm" c="dimmed">
        Version {version}
      </Text>
    );
  }
  return (
    <NativeSelect
      label="Version"
      description={`Services publish version ${String(defaultVersion)} unless they name another one.`}
      w="fit-content"
      data={offered.map((one) => ({
        value: String(one),
        label: `${String(one)}${labelOf(one, defaultVersion, versions)}`,
      }))}
      value={String(version)}
      onChange={(event) => {
        navigate(eventTypePath(type, Number(event.currentTarget.value)), { replace: true });
      }}
    />
  );
}

function labelOf(version: number, defaultVersion: number, versions: readonly number[]): string {
  if (version === defaultVersion) return ' (default)';
  return versions.includes(version) ? '' : ' (archived)';
}
