import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ROOT, type Fence } from './fences.js';

/** Values for the placeholders of the pages, such as tokens and ids. */
export type Replacements = Readonly<Record<string, string>>;

/**
 * Replaces curl: a stream is followed for a second, and any other request must succeed, or be refused with the status of the
 * block. Background processes are stopped at the end of the page.
 */
const PRELUDE = `
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
curl() {
  local argument answer
  for argument in "$@"; do
    case $argument in
      */events/stream | */events/stream\\?*) command curl --fail --max-time 1 "$@" || [[ $? == 28 ]]; return ;;
    esac
  done
  if [[ -z $REFUSED ]]; then
    command curl --fail-with-body --max-time 10 "$@"
  else
    answer=$(command curl --max-time 10 "$@")
    echo "$answer"
    [[ $answer == *'"status":'"$REFUSED"* ]]
  fi
}
`;

interface PageRun {
  blocks: readonly Fence[];
  replacements: Replacements;
  env: NodeJS.ProcessEnv;
}

/** Runs the blocks of a page in one shell, like a reader who pastes them. Throws an Error with the output and the failed line. */
export async function runBlocks({ blocks, replacements, env }: PageRun): Promise<void> {
  const script = blocks.map(({ line, info, code }) => {
    const refused = /answers: (\d+)/.exec(info)?.[1] ?? '';
    return `echo '@@ line ${String(line)}'; REFUSED=${refused}\n${replace(code, replacements)}`;
  });
  const shell = spawn('bash', ['-c', PRELUDE + script.join('\n')], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = Promise.all([text(shell.stdout), text(shell.stderr)]);
  const code = await new Promise<number | null>((resolve) => shell.once('exit', resolve));
  if (code === 0) return;
  const [printed, errors] = await output;
  throw new Error(`${blocks[0]?.page ?? ''}: exit code ${String(code)} after ${printed.slice(-2000)}\n${errors.slice(-2000)}`);
}

function replace(code: string, replacements: Replacements): string {
  return Object.entries(replacements).reduce((text, [placeholder, value]) => text.replaceAll(placeholder, value), code);
}
