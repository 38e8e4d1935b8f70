import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** One file of the dashboard, as it is sent. */
export interface DashboardFile {
  contentType: string;
  body: Buffer;
  /** The same, packed by gzip when it was built; undefined where that is not worth it. */
  packed: Buffer | undefined;
  /** Its name changes with its content, so that it may be kept for ever. */
  immutable: boolean;
}

export interface DashboardFiles {
  /** The page, with a place for the nonce of a request. */
  page: string;
  /** All others, by their paths. */
  files: ReadonlyMap<string, DashboardFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const PACKED = '.gz';

/**
 * Reads what `npm run build` made of the dashboard: less than 2 MB, and what is not in the list cannot be asked for. Null
 * when it was not built, or is not part of this deployment.
 */
export async function readDashboard(folder: string): Promise<DashboardFiles | null> {
  const page = await readFile(join(folder, 'index.html'), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (page === null) return null;
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = new Map<string, DashboardFile>();
  for (const path of paths) {
    const contentType = TYPES[extname(path)];
    if (contentType === undefined) continue;
    const packed = paths.includes(path + PACKED) ? await readFile(path + PACKED) : undefined;
    const url = path.slice(folder.replace(/[\\/]$/, '').length).replaceAll('\\', '/');
    files.set(url, { contentType, body: await readFile(path), packed, immutable: url.startsWith('/assets/') });
  }
  return { page, files };
}
