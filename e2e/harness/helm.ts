import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { findProgram } from './programs.js';

const FETCHED = fileURLToPath(new URL('../../node_modules/.cache/helm/helm', import.meta.url));
const CHART = fileURLToPath(new URL('../../deploy/helm/tidings', import.meta.url));

/** On the PATH, or where scripts/prepare.mjs puts it. */
export const HELM = findProgram('helm') ?? (existsSync(FETCHED) ? FETCHED : undefined);

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
  data?: Record<string, string>;
}

/** Values, as `--set-json` takes them: by their paths. */
export type Values = Readonly<Record<string, unknown>>;

/** Runs Helm on the chart, and answers with what it prints. Throws with what it says when it refuses. */
export function helm(command: 'template' | 'lint', values: Values = {}, files: readonly string[] = []): string {
  const sets = Object.entries(values).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);
  const more = files.flatMap((file) => ['--values', `${CHART}/${file}`]);
  const release = command === 'template' ? ['blue'] : ['--strict'];
  return execFileSync(HELM ?? '', [command, ...release, CHART, ...more, ...sets], { encoding: 'utf8', stdio: 'pipe' });
}

/** What the chart makes of values. */
export function render(values: Values = {}, files: readonly string[] = []): Manifest[] {
  return parseAllDocuments(helm('template', values, files)).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
}

/** The one manifest of a kind, and of a name where there are several. */
export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));
  if (found.length !== 1) throw new Error(`There are ${String(found.length)} of ${kind} ${name ?? ''}.`);
  return found[0] as Manifest;
}
