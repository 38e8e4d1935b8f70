import { Command } from 'commander';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { openServer, withServerOptions, type ServerOptions } from '../server.js';
import { countBreaking, judge } from './judge.js';
import { PATH, readDefinitions } from './read-definitions.js';
import { breakingChanges, writeJudgement } from './write-judgement.js';

interface DiffOptions extends ServerOptions {
  exact?: boolean;
}

/**
 * `tidings types diff <path>`: compares event types with those of the server, change by change, and says whom each one breaks.
 * Exits with 1 when a change breaks publishers or receivers, and with `--exact` also when a type is new or differs at all.
 */
export function diffCommand(io: Io): Command {
  return withServerOptions(new Command('diff'))
    .description("Compare event types with the server's, and name each change that breaks publishers or receivers")
    .argument('<path>', PATH)
    .option('--exact', 'exit with 1 also when a type is new, or differs without breaking anybody')
    .action(async (path: string, options: DiffOptions) => {
      const server = openServer(options, io);
      const types = await judge(server, await readDefinitions(path, io));
      const breaking = countBreaking(types);
      printResult(io, options.json, { types, breaking }, () => types.map(writeJudgement).join('\n'));
      if (breaking > 0) throw new Failure(EXIT.failed, `${breakingChanges(breaking)} publishers or receivers.`);
      const differing = types.filter(({ status }) => status !== 'same').length;
      if (options.exact && differing > 0) {
        throw new Failure(
          EXIT.failed,
          differing === 1 ? '1 type is not as the server has it.' : `${String(differing)} types are not as the server has them.`,
        );
      }
    });
}
