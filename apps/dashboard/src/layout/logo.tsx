import { basePath } from '../api/server-values.js';

/** The logo. Its `alt` is empty because the name is always next to it. */
export function Logo({ size = 28 }: { size?: number }) {
  return <img src={`${basePath()}/icon.svg`} width={size} height={size} alt="" />;
}
