/** A quoted value, which may have commas and semicolons in it (RFC 9110, section 5.6.4). */
const QUOTED = /"(?:[^"\\]|\\.|\\$)*(?:"|$)/gs;

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
  for (const range of (accept ?? '').replace(QUOTED, '').split(',')) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const [main = '', sub = '', ...rest] = name.split('/');
    if (main === '' || sub === '' || rest.length > 0) continue;
    hasRange = true;
    const isMain = main.toLowerCase() === wantedType;
    const isSub = isMain && sub.toLowerCase() === wantedSubtype;
    if (!isSub && !(sub === '*' && (isMain || main === '*'))) continue;
    const found = Number(isMain) + Number(isSub);
    const weight = qualityOf(parameters);
    if (found < specificity || (found === specificity && weight <= quality)) continue;
    specificity = found;
    quality = weight;
  }
  return !hasRange || quality > 0;
}

function qualityOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim());
    if (name.toLowerCase() === 'q' && value !== '') return Number(value) || 0;
  }
  return 1;
}
