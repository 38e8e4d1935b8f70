import type { Definition } from './definition.js';

/** The fields that all versions of a type share. */
const SHARED = ['title', 'description', 'group'] as const;

/** Returns the faults between definitions of one type: versions that are not named or named twice, or that name the type differently. */
export function checkVersions(definitions: readonly Definition[]): string[] {
  const types = new Set(definitions.map(({ type }) => type));
  if (types.size === definitions.length) return [];
  const byType = new Map([...types].map((type): [string, Definition[]] => [type, []]));
  for (const definition of definitions) byType.get(definition.type)?.push(definition);
  return [...byType].flatMap(([type, versions]) => faultsOf(type, versions));
}

function faultsOf(type: string, definitions: readonly Definition[]): string[] {
  const [first] = definitions;
  if (first === undefined || definitions.length === 1) return [];
  const versions = definitions.map(({ version }) => version);
  if (versions.every((version) => version === undefined)) return [`${type} is defined twice`];
  if (versions.includes(undefined)) return [`${type} is defined ${String(versions.length)} times: give each one its "version"`];
  const twice = new Set(versions.filter((version, index) => versions.indexOf(version) < index));
  return [
    ...[...twice].map((version) => `${type} version ${String(version)} is defined twice`),
    ...SHARED.filter((field) => definitions.some((other) => other[field] !== first[field])).map(
      (field) => `${type} has another ${field} in some versions: all versions of a type share it`,
    ),
  ];
}
