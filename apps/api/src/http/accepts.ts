/** A media range with its parameters (RFC 9110, section 12.5.1). A quoted value may have commas and semicolons in it. */
const MEDIA_RANGE = /([^\s,;/"]+)\/([^\s,;/"]+)((?:\s*;\s*[^\s,;="]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,;"]*))?)*)/g;
const QUALITY = /;\s*q\s*=\s*([\d.]+)\s*(?=;|$)/i;

/**
 * Whether an `Accept` header accepts a media type. Parameters of a range other than `q` are not compared: the type that is
 * sent has none, and a client that writes `text/event-stream;charset=utf-8` means just that. The most specific range decides,
 * so that `text/event-stream;q=0` refuses it beside a range for everything. A missing header accepts everything, and
 * so does one without any media range.
 *
 * @param type such as `text/event-stream`
 */
export function acceptsType(accept: string | undefined, type: string): boolean {
  const [wantedType = '', wantedSubtype = ''] = type.split('/');
  let hasRange = false;
  let specificity = -1;
  let quality = 0;
  for (const [, main = '', sub = '', parameters = ''] of (accept ?? '').matchAll(MEDIA_RANGE)) {
    hasRange = true;
    const isMain = main.toLowerCase() === wantedType;
    const isSub = isMain && sub.toLowerCase() === wantedSubtype;
    if (!isSub && !(sub === '*' && (isMain || main === '*'))) continue;
    const found = Number(isMain) + Number(isSub);
    const weight = Number(QUALITY.exec(parameters)?.[1] ?? 1);
    if (found < specificity || (found === specificity && weight <= quality)) continue;
    specificity = found;
    quality = weight;
  }
  return !hasRange || quality > 0;
}
