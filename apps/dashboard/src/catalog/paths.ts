/** The address of the catalog. */
export const CATALOG_PATH = '/event-types';
/** The link to the catalog above a heading. */
export const CATALOG = { to: CATALOG_PATH, label: 'Event types' };

/** The address of a type's page; undefined: of its default version. */
export function eventTypePath(type: string, version?: number): string {
  return `${CATALOG_PATH}/${encodeURIComponent(type)}${version === undefined ? '' : `?version=${String(version)}`}`;
}

/** The address of the page that changes a version, or makes the next one from it. */
export function editPath(type: string, page: 'edit' | 'new-version', version: number): string {
  return `${CATALOG_PATH}/${encodeURIComponent(type)}/${page}?version=${String(version)}`;
}

/** Returns the version that an address names, or undefined. */
export function versionOf(params: URLSearchParams): number | undefined {
  const text = params.get('version');
  return text !== null && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}
