import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { findProgram } from './programs.js';

const DOWNLOADED = fileURLToPath(new URL('../../node_modules/.cache/helm/helm', import.meta.url));
const CHART = fileURLToPath(new URL('../../deploy/helm/tidings', import.meta.url));

/** The path of Helm: from PATH, or where scripts/prepare.mjs downloads it. */
export const HELM = findProgram('helm') ?? (existsSync(DOWNLOADED) ? DOWNLOADED : undefined);

/** A Kubernetes manifest. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
  data?: Record<string, string>;
}

/** Values of the chart by path, for `--set-json`. */
export type Values = Readonly<Record<string, unknown>>;

/** What an installation must set: the peers of PostgreSQL and Redis. */
const REQUIRED: Values = {
  'networkPolicy.database.to': [{ ipBlock: { cidr: '10.0.0.5/32' } }],
  'networkPolicy.redis.to': [{ podSelector: { matchLabels: { app: 'redis' } } }],
};

/** Runs Helm on the chart, without files of values with the required ones, and returns its output. Throws an Error with Helm's message when it fails. */
export function helm(command: 'template' | 'lint', values: Values = {}, files: readonly string[] = []): string {
  const complete = files.length === 0 ? { ...REQUIRED, ...values } : values;
  const sets = Object.entries(complete).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);
  const valueFiles = files.flatMap((file) => ['--values', `${CHART}/${file}`]);
  const release = command === 'template' ? ['blue'] : ['--strict'];
  return execFileSync(HELM ?? '', [command, ...release, CHART, ...valueFiles, ...sets], { encoding: 'utf8', stdio: 'pipe' });
}

/** Renders the chart with the values. */
export function render(values: Values = {}, files: readonly string[] = []): Manifest[] {
  return parseAllDocuments(helm('template', values, files)).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
}

/** Returns the only manifest of the kind, and of the name where there are several. Throws unless there is exactly one. */
export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));
  if (found.length !== 1) throw new Error(`One ${kind} ${name ?? ''} was expected; there are ${String(found.length)}.`);
  return found[0] as Manifest;
}
