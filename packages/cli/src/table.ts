/** Rows under their names, in columns that are as wide as they need to be. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = names.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [names, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names and what they are, one a line; what is null or undefined is left out. */
export function facts(pairs: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const known = Object.entries(pairs).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`).join('\n');
}
