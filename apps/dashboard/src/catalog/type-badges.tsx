import { Badge } from '@mantine/core';
import { StateBadge } from '../components/state-badge.js';
import type { EventType } from './event-types-api.js';

/** The audience, the default version and the state of an event type, in a few words. */
export function TypeBadges({ eventType }: { eventType: EventType }) {
  const { audience, default_version: defaultVersion, versions } = eventType;
  const newest = Math.max(defaultVersion, ...versions);
  return (
    <>
      {eventType.archived_at !== null && <StateBadge tone="neutral">Archived</StateBadge>}
      {eventType.deprecated_at !== null && <StateBadge tone="warning">Deprecated</StateBadge>}
      <Badge variant="default" tt="none" radius="sm">
        {audience === 'everyone' ? 'for all owners' : 'for one owner'}
      </Badge>
      <Badge variant="default" tt="none" radius="sm">
        {`version ${String(defaultVersion)}${newest > defaultVersion ? `, newest ${String(newest)}` : ''}`}
      </Badge>
    </>
  );
}
