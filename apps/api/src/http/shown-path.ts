import type { Request } from 'express';
import { shorten } from '@tidings/events';

const MAX_LENGTH = 256;

/** Returns the path of a request for a log line or a problem: at most its first 256 characters, since it may have 16 KB. */
export function shownPath({ path }: Pick<Request, 'path'>): string {
  return shorten(path, MAX_LENGTH);
}
