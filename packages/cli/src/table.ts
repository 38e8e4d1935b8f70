/** Formats rows as a table with a header; each column is as wide as its longest cell. */
export function formatTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
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

/** Formats names and values, one pair on a line. Null and undefined values are left out. */
export function formatFields(pairs: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
  const present = Object.entries(pairs).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`).join('\n');
}
