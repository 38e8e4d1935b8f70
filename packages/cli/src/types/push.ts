import { Command } from 'commander';
import type { Definition } from '@tidings/event-types/definitions';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { openServer, withServerOptions, type Server, type ServerOptions } from '../server.js';
import { countBreaking, judge, nameOf, naming, type Judgement } from './judge.js';
import { PATH, readDefinitions } from './read-definitions.js';
import { writeEventType } from './registry-api.js';
import { breakingChanges, writeJudgement } from './write-judgement.js';

interface PushOptions extends ServerOptions {
  dryRun?: boolean;
}

/** What a push did with a definition. */
interface Pushed extends Pick<Judgement, 'type' | 'changes'> {
  version: number | null;
  status: 'created' | 'changed' | 'unchanged';
}

const STATUS = { new: 'created', changed: 'changed', same: 'unchanged' } as const;

/**
 * `tidings types push <path>`: writes event types to the server. All are judged before one is written: when a change breaks publishers
 * or receivers, it is printed with the webhooks that get the type, nothing is written, and the command exits with 1.
 */
export function pushCommand(io: Io): Command {
  return withServerOptions(new Command('push'))
    .description('Write event types to the server, unless a change breaks publishers or receivers')
    .argument('<path>', PATH)
    .option('--dry-run', 'print what would change, and write nothing')
    .action(async (path: string, { dryRun = false, json, ...options }: PushOptions) => {
      const server = openServer(options, io);
      const definitions = await readDefinitions(path, io);
      const types = await judge(server, definitions);
      const breaking = countBreaking(types);
      if (dryRun || breaking > 0) printResult(io, json, { types, breaking }, () => types.map(writeJudgement).join('\n'));
      if (breaking > 0) {
        throw new Failure(
          EXIT.failed,
          `${breakingChanges(breaking)} publishers or receivers. Nothing was written: give a type that breaks somebody a new "version".`,
        );
      }
      if (dryRun) return;
      const pushed = await write(server, definitions, types);
      printResult(io, json, { types: pushed }, () => pushed.map((type) => `${type.status} ${nameOf(type)}`).join('\n'));
    });
}

/** Writes the definitions that differ, a type's versions in ascending order. */
async function write(server: Server, definitions: readonly Definition[], judgements: readonly Judgement[]): Promise<Pushed[]> {
  const judged = definitions.map((definition, index) => ({ definition, judgement: judgements[index] as Judgement }));
  const pushed: Pushed[] = [];
  for (const { definition, judgement } of judged.sort((one, other) => versionOf(one) - versionOf(other))) {
    const { type, changes, status } = judgement;
    const isSame = status === 'same';
    const { version } = isSame ? judgement : await naming(definition, writeEventType(server, definition));
    pushed.push({ type, version, status: STATUS[status], changes });
  }
  return pushed;
}

const versionOf = ({ definition: { version } }: { definition: Definition }): number => version ?? 0;
