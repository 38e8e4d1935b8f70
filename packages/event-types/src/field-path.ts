/** Writes the path of a place in JSON: `data.items[3].price`, and `data["a b"]` for a name that is no plain word. */
export function fieldPath(segments: readonly (string | number)[]): string {
  return segments.reduce<string>(
    (path, segment) => (typeof segment === 'number' ? `${path}[${String(segment)}]` : pathOfField(path, segment)),
    '',
  );
}

/** The path of a field of the value at `path`, which is empty at the top. */
export function pathOfField(path: string, name: string): string {
  if (/[^\w$]/.test(name) || name === '') return `${path}[${JSON.stringify(shorten(name))}]`;
  return path === '' ? shorten(name) : `${path}.${shorten(name)}`;
}

const MAX_NAME = 256;

function shorten(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}
