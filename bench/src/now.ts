/** Milliseconds since 1970 with a resolution of a microsecond. All processes of a machine have the same clock. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
