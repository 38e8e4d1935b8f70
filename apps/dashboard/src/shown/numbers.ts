const WHOLE = new Intl.NumberFormat('en');

/** A count with commas: `12,345`. */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** A number of things: `1 delivery`, `2 deliveries`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A share from 0 to 1 in per cent, never rounded up to all or down to nothing; null: `–`. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  const tenths = Math.round(share * 1000);
  const kept = share < 1 ? Math.min(tenths, 999) : 1000;
  return `${String((share > 0 ? Math.max(kept, 1) : 0) / 10)} %`;
}

/** Milliseconds, as a person reads them: `84 ms`, `1.2 s`; null: `–`. */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 60_000) return `${String(Math.round(ms / 100) / 10)} s`;
  if (ms < 3_600_000) return `${String(Math.round(ms / 6000) / 10)} min`;
  return `${String(Math.round(ms / 360_000) / 10)} h`;
}
