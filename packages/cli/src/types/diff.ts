import { Command } from 'commander';
import { compareContracts, type ContractChange } from '@tidings/event-types';
import { contractOf, type Definition } from '@tidings/event-types/definitions';
import { EXIT, Failure } from '../failure.js';
import { printResult, type Io } from '../io.js';
import { openServer, unwrap, withServerOptions, type ServerOptions } from '../server.js';
import { definitionOf } from './definition-of-served.js';
import { readDefinitions } from './read-definitions.js';

interface DiffOptions extends ServerOptions {
  exact?: boolean;
}

/** How a type differs from the one that the server has. */
interface Difference {
  type: string;
  status: 'new' | 'changed' | 'same';
  changes: ContractChange[];
}

/**
 * `tidings types diff <path>`: compares event types with those of the server, change by change, and says whom each one breaks.
 * Exits with 1 when a change breaks publishers or receivers, and with `--exact` also when a type is new or differs at all.
 */
export function diffCommand(io: Io): Command {
  return withServerOptions(new Command('diff'))
    .description("Compare event types with the server's, and name each change that breaks publishers or receivers")
    .argument('<path>', 'a module that exports definitions or a catalog, a JSON file, or a folder of JSON files')
    .option('--exact', 'exit with 1 also when a type is new, or differs without breaking anybody')
    .action(async (path: string, options: DiffOptions) => {
      const server = openServer(options, io);
      const definitions = await readDefinitions(path, io);
      const { data } = await unwrap(server, server.api.GET('/api/event-types'));
      const served = new Map(data.map((type) => [type.type, definitionOf(type)]));
      const types = definitions.map((definition) => compare(served.get(definition.type), definition));
      const breaking = types.flatMap(({ changes }) => changes).filter(({ breaks }) => breaks.length > 0).length;
      printResult(io, options.json, { types, breaking }, () => types.map(write).join('\n'));
      const differing = types.filter(({ status }) => status !== 'same').length;
      if (breaking > 0) {
        throw new Failure(
          EXIT.failed,
          `${count(breaking, 'change')} ${breaking === 1 ? 'breaks' : 'break'} publishers or receivers.`,
        );
      }
      if (options.exact && differing > 0) {
        throw new Failure(
          EXIT.failed,
          `${count(differing, 'type')} ${differing === 1 ? 'is' : 'are'} not as the server has ${differing === 1 ? 'it' : 'them'}.`,
        );
      }
    });
}

function compare(before: Definition | undefined, after: Definition): Difference {
  if (before === undefined) return { type: after.type, status: 'new', changes: [] };
  const changes = compareContracts(contractOf(before), contractOf(after));
  return { type: after.type, status: changes.length > 0 ? 'changed' : 'same', changes };
}

function write({ type, status, changes }: Difference): string {
  if (status !== 'changed') return `${type} is ${status === 'new' ? 'new' : 'the same'}`;
  const lines = changes.map(({ path, breaks, message }) => {
    const whom = breaks.length > 0 ? ` [breaks ${breaks.join(' and ')}]` : '';
    return `  ${breaks.length > 0 ? '✗' : '·'} ${path}: ${message}${whom}`;
  });
  return [`${type} differs:`, ...lines].join('\n');
}

const count = (number: number, noun: string): string => `${String(number)} ${noun}${number === 1 ? '' : 's'}`;
