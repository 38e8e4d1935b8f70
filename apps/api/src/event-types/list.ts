import { z } from 'zod';
import { defaultVersionOf, type EventType, type EventTypesSnapshot } from '@tidings/accept';
import { readCursor } from '../http/cursor.js';
import { page, toPage } from '../http/pages.js';
import { eventTypeToJson } from './view.js';

/** The query of the list of event types. */
export const listQuery = z.strictObject({
  ...page,
  search: z.string().max(100).optional().meta({ description: 'Only types whose name, title or description has this text.' }),
  group: z.string().max(100).optional().meta({ description: 'Only types of this group.' }),
  archived: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false')
    .meta({ description: '`true`: only archived types; `false`: only the others.' }),
});

const LIST = 'event types';

/** Returns a page of event types in the order of their names, each in its default version. */
export function listEventTypes({ byName }: EventTypesSnapshot, query: z.output<typeof listQuery>) {
  const after = readCursor(LIST, query.cursor) ?? '';
  const search = query.search?.toLowerCase();
  const isSelected = (type: EventType): boolean =>
    type.name > after &&
    (type.archivedAt !== null) === (query.archived === 'true') &&
    (query.group === undefined || type.group === query.group) &&
    (search === undefined || [type.name, type.title, type.description].some((text) => text?.toLowerCase().includes(search)));
  const rows: { id: string; type: EventType }[] = [];
  for (const type of byName.values()) {
    if (rows.length > query.limit) break;
    if (isSelected(type)) rows.push({ id: type.name, type });
  }
  return toPage(rows, { list: LIST, limit: query.limit }, ({ type }) => eventTypeToJson(type, defaultVersionOf(type)));
}
