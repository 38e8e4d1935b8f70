/**
 * Returns SQL patterns (LIKE) for patterns of event types, as {@link isOfType} compares them: `*`, `sync.*`, `sync.completed`, and
 * `sync.completed@2`, which alone selects events that were accepted as a preview of a version. Null: all events, previews too.
 */
export function likePatterns(patterns: readonly string[] | null | undefined): string[] | null {
  return patterns?.map(toLike) ?? null;
}

const ACCEPTED = '=';
const PREVIEW = '~';

function toLike(pattern: string): string {
  const text = pattern.replaceAll(/[\\_%]/g, String.raw`\$&`);
  if (text.endsWith('*')) return `${ACCEPTED}${text.slice(0, -1)}%`;
  return text.includes('@') ? `_${text}` : `${ACCEPTED}${text}@%`;
}

interface TypeColumns {
  type: string;
  version: string;
  /** Leave it out where a row of a preview is selected as any other: a delivery is there because its webhook gets the event. */
  isPreview?: string;
}

/**
 * Returns the SQL condition that the type of a row is selected.
 *
 * @param patterns the parameter with the result of {@link likePatterns}
 */
export function isOfType(patterns: string, { type, version, isPreview }: TypeColumns): string {
  const marker = isPreview === undefined ? `'${ACCEPTED}'` : `CASE WHEN ${isPreview} THEN '${PREVIEW}' ELSE '${ACCEPTED}' END`;
  // Of a CASE, PostgreSQL expects half of the rows: of LIKE, it would expect so few that it sorted them instead of reading in order.
  return `CASE WHEN ${patterns}::text[] IS NULL THEN true ELSE ${marker} || ${type} || '@' || ${version} LIKE ANY (${patterns}) END`;
}

/** The columns of the table `events`. */
export const EVENT_TYPE = { type: 'type', version: 'version', isPreview: 'is_preview' } as const;
/** The columns of the table `deliveries`. */
export const DELIVERY_TYPE = { type: 'event_type', version: 'event_version' } as const;
