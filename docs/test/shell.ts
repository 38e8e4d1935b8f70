import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ROOT, type Fence } from './fences.js';

/** What a reader puts in the place of what the pages cannot know. */
export type Replacements = Readonly<Record<string, string>>;

/**
 * A stream is followed for a second; any other request has to succeed, or to be refused as the block says. What runs in the
 * background is ended with the page.
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

/** What runs a page. */
interface Page {
  blocks: readonly Fence[];
  replacements: Replacements;
  env: NodeJS.ProcessEnv;
}

/** Runs the blocks of a page one after the other in one shell, as a reader does who pastes them. Throws with the block that failed. */
export async function runBlocks({ blocks, replacements, env }: Page): Promise<void> {
  const script = blocks.map(({ line, info, code }) => {
    const refused = /answers: (\d+)/.exec(info)?.[1] ?? '';
    return `echo '@@ line ${String(line)}'; REFUSED=${refused}\n${replace(code, replacements)}`;
  });
  const shell = spawn('bash', ['-c', PRELUDE + script.join('\n')], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = Promise.all([text(shell.stdout), text(shell.stderr)]);
  const code = await new Promise<number | null>((resolve) => shell.once('exit', resolve));
  if (code === 0) return;
  const [shown, errors] = await output;
  throw new Error(`${blocks[0]?.page ?? ''}: exit code ${String(code)} after ${shown.slice(-2000)}\n${errors.slice(-2000)}`);
}

function replace(code: string, replacements: Replacements): string {
  return Object.entries(replacements).reduce((text, [placeholder, value]) => text.replaceAll(placeholder, value), code);
}
