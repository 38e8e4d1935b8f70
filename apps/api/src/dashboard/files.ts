import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** One file of the dashboard, in the form in which it is sent. */
export interface DashboardFile {
  contentType: string;
  body: Buffer;
  /** The body compressed with gzip; undefined if the build made no compressed file. */
  gzipped: Buffer | undefined;
  /** Whether browsers may cache the file without end, because its name changes with its content. */
  immutable: boolean;
}

/** All files of the built dashboard. */
export interface DashboardFiles {
  /** The HTML page, with the placeholder `TIDINGS_NONCE` for the nonce of a request. */
  page: string;
  /** All other files by URL path. */
  files: ReadonlyMap<string, DashboardFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const GZIP_EXTENSION = '.gz';

/**
 * Reads the dashboard that `npm run build` wrote, less than 2 MB, into memory. Only files of the types above are served. Returns
 * null if the dashboard was not built or is not part of this deployment.
 *
 * @param folder the output folder of the build
 * @param basePath the path below which browsers find the files; default: none
 */
export async function readDashboard(folder: string, basePath = ''): Promise<DashboardFiles | null> {
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
    const gzipped = paths.includes(path + GZIP_EXTENSION) ? await readFile(path + GZIP_EXTENSION) : undefined;
    const url = path.slice(folder.replace(/[\\/]$/, '').length).replaceAll('\\', '/');
    files.set(url, { contentType, body: await readFile(path), gzipped, immutable: url.startsWith('/assets/') });
  }
  // Vite writes paths that are relative to the page, which has many addresses.
  const located = page.replaceAll(/((?:src|href)=")\.\//g, `$1${basePath}/`).replace('TIDINGS_BASE', basePath);
  return { page: located, files };
}
