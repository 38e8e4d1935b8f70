import { isDeepStrictEqual } from 'node:util';
import { brokenBy, type ContractChange } from '@tidings/event-types';
import type { Definition } from '@tidings/event-types/definitions';
import { Failure } from '../failure.js';
import type { Server } from '../server.js';
import {
  dryRun,
  findEventType,
  listEventTypes,
  type AffectedWebhook,
  type EventType,
  type EventTypeChanges,
} from './registry-api.js';

/** How a definition differs from the version that the server has. */
export interface Judgement {
  type: string;
  /** The version that the definition names; null: the default version. */
  version: number | null;
  status: 'new' | 'changed' | 'same';
  changes: ContractChange[];
  /** The webhooks that get the events of the type, when a change breaks publishers or receivers. */
  webhooks: AffectedWebhook[];
  more_webhooks: boolean;
}

/** The fields of a definition that promise nothing, so that the server's comparison of contracts leaves them out. */
const TEXTS = ['title', 'description', 'group', 'examples'] as const;

/**
 * Compares definitions with what the server has, by its dry runs: nothing is written. Throws a `Failure` that names the type when the
 * server would refuse it for another reason than what it breaks.
 */
export async function judge(server: Server, definitions: readonly Definition[]): Promise<Judgement[]> {
  const served = new Map((await listEventTypes(server)).map((type) => [type.type, type]));
  const judged = new Map<Definition, Judgement>();
  /** The last version of each type that would be created, and the number by which the server judges new versions of it. */
  const created = new Map<string, { last: number; judgedAs: number }>();
  for (const definition of [...definitions].sort((one, other) => (one.version ?? 0) - (other.version ?? 0))) {
    const { type, version } = definition;
    const before = created.get(type);
    // The server takes only the version behind the highest, and that one is not written yet.
    const follows = before !== undefined && version === before.last + 1;
    const dry = await naming(definition, dryRun(server, follows ? { ...definition, version: before.judgedAs } : definition));
    if (dry.creates !== null) created.set(type, { last: version ?? 1, judgedAs: before?.judgedAs ?? version ?? 1 });
    const known = dry.creates === null ? await findServed(server, served, definition) : undefined;
    judged.set(definition, toJudgement(definition, dry, known));
  }
  return definitions.map((definition) => judged.get(definition) as Judgement);
}

/** Runs a call for a definition; its failure names the type. */
export async function naming<Result>({ type, version }: Definition, call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.exitCode, `${nameOf({ type, version })}: ${error.message}`, error.details, { cause: error });
  }
}

/** Names a type, with its version where one is given. */
export function nameOf({ type, version }: { type: string; version?: number | null | undefined }): string {
  return typeof version === 'number' ? `${type} version ${String(version)}` : type;
}

/** Counts the changes that break publishers or receivers. */
export function countBreaking(judgements: readonly Judgement[]): number {
  return judgements.flatMap(({ changes }) => changes).filter(({ breaks }) => breaks.length > 0).length;
}

async function findServed(
  server: Server,
  served: ReadonlyMap<string, EventType>,
  { type, version }: Definition,
): Promise<EventType | undefined> {
  const listed = served.get(type);
  const isListed = listed !== undefined && (version === undefined || version === listed.version);
  return isListed ? listed : findEventType(server, type, version);
}

function toJudgement(definition: Definition, dry: EventTypeChanges, served: EventType | undefined): Judgement {
  const { type, version = null } = definition;
  // A new version breaks nobody: it becomes the default only by a later request.
  if (dry.creates !== null) return { type, version, status: 'new', changes: [], webhooks: [], more_webhooks: false };
  const changes = [...dry.changes, ...(served === undefined ? [] : changesOfTexts(served, definition, dry.changes))];
  const breaksNobody = brokenBy(changes).length === 0;
  return {
    type,
    version,
    status: changes.length > 0 ? 'changed' : 'same',
    changes,
    webhooks: breaksNobody ? [] : dry.webhooks,
    more_webhooks: !breaksNobody && dry.more_webhooks,
  };
}

function changesOfTexts(served: EventType, definition: Definition, found: readonly ContractChange[]): ContractChange[] {
  const differing: [string, string][] = TEXTS.filter((field) => !isDeepStrictEqual(served[field], definition[field])).map(
    (field) => [field, `The ${field} ${field === 'examples' ? 'were' : 'was'} changed.`],
  );
  const isArchived = served.archived_at !== null || !served.versions.includes(served.version);
  if (isArchived) differing.push(['archived_at', 'It is archived: its events are accepted again.']);
  return differing
    .filter(([path]) => !found.some((change) => change.path === path))
    .map(([path, message]) => ({ path, kind: 'documentation_changed', breaks: [], message }));
}
