const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|\s+|[^\s{}[\],:"]+/g;
/** Deeper places have no line: the API refuses such a schema at its first levels. */
const MAX_LEVELS = 64;

/** An object or a list whose end is not yet read. */
interface Open {
  path: string;
  isList: boolean;
  /** The path of the part that is being read; null: the name of an object's next field is still to come. */
  part: string | null;
  count: number;
}

/**
 * Returns the line of each place in a JSON text, by its path as the API writes it: `properties.price`, `items[3]`, `["a b"]`. The
 * text must be valid JSON.
 */
export function jsonLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const open: Open[] = [];
  let line = 1;

  const enter = (container: Open, part: string): void => {
    container.part = part;
    if (open.length <= MAX_LEVELS) lines.set(part, line);
  };
  for (const [token] of text.matchAll(TOKENS)) {
    const container = open.at(-1);
    if (token.trim() === '') line += token.split('\n').length - 1;
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && container) {
      container.count += 1;
      container.part = null;
    } else if (token !== ':') {
      if (container && !container.isList && container.part === null) {
        enter(container, pathOfField(container.path, JSON.parse(token) as string));
        continue;
      }
      if (container?.isList) enter(container, `${container.path}[${String(container.count)}]`);
      if (token === '{' || token === '[') {
        const path = open.length < MAX_LEVELS ? (container?.part ?? '') : '';
        open.push({ path, isList: token === '[', part: null, count: 0 });
      }
    }
  }
  return lines;
}

/** The path of a field, written as the API writes it. */
function pathOfField(path: string, name: string): string {
  if (/[^\w$]/.test(name) || name === '') return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
