/** Writes the path of a place in JSON: `data.items[3].price`, and `data["a b"]` for a name that is no plain word. */
export function fieldPath(segments: readonly (string | number)[]): string {
  let path = '';
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${String(segment)}]`;
    else if (/[^\w$]/.test(segment) || segment === '') path += `[${JSON.stringify(shorten(segment))}]`;
    else path += path === '' ? shorten(segment) : `.${shorten(segment)}`;
  }
  return path;
}

const MAX_NAME = 256;

function shorten(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}
