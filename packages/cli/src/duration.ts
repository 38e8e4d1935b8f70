const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The seconds that a text such as `90s`, `15m`, `1h` or `7d` means, or undefined when it means none. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * SECONDS[unit as keyof typeof SECONDS];
}
