const WHOLE = new Intl.NumberFormat('en');

/** A whole number with thousands separators: `12,345`. */
export function formatCount(value: number): string {
  return WHOLE.format(value);
}

/** A count with its noun: `1 delivery`, `2 deliveries`. */
export function formatQuantity(value: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${value === 1 ? singular : plural}`;
}

/** A share from 0 to 1 in per cent, never rounded up to 100 % or down to 0 %; null: `–`. */
export function formatPercent(share: number | null): string {
  if (share === null) return '–';
  const tenths = Math.round(share * 1000);
  const bounded = share < 1 ? Math.min(tenths, 999) : 1000;
  return `${String((share > 0 ? Math.max(bounded, 1) : 0) / 10)} %`;
}

/** A duration in milliseconds with a readable unit: `84 ms`, `1.2 s`; null: `–`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 60_000) return `${String(Math.round(ms / 100) / 10)} s`;
  if (ms < 3_600_000) return `${String(Math.round(ms / 6000) / 10)} min`;
  return `${String(Math.round(ms / 360_000) / 10)} h`;
}
