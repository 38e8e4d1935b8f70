import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { first, second, writeOrders } from '../../test/order-shipped.js';
import { startRegistry, type Registry } from '../../test/registry.js';

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
  await registry.terminal.run(['types', 'push', writeOrders(first, second)]);
});
afterAll(() => {
  registry.close();
});

const COMMAND = join(import.meta.dirname, '../../bin/tidings.js');

/** Completes a line in bash as the Tab key does, and returns COMPREPLY. Bash splits the line into these words. */
async function completeInBash(...words: string[]): Promise<string[]> {
  const script = `
tidings() { "$NODE" "$COMMAND" "$@"; }
source <(tidings completion bash)
complete -p tidings >/dev/null || exit
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_POINT=\${#COMP_LINE}
word=\${COMP_WORDS[COMP_CWORD]}
[[ $word == = ]] && word=
_tidings tidings "$word" "\${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const line = words.join(' ').replaceAll(/ ([@=]) ?/g, '$1');
  const env = { PATH: process.env['PATH'], ...registry.env, NODE: process.execPath, COMMAND, COMP_LINE: line };
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', script, 'bash', ...words], { env });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

describe('the script of tidings completion bash', () => {
  test.each([
    ['a command', ['tidings', 'trig'], ['trigger']],
    ['an event type', ['tidings', 'trigger', ''], expect.arrayContaining(['order.shipped', 'sync.completed'])],
    ['a pattern behind a quote', ['tidings', 'listen', '--types', "'sync.*,order"], ['sync.*,order.*', 'sync.*,order.shipped']],
    ['a value behind =', ['tidings', 'listen', '--types', '=', 'order.s'], ['order.shipped']],
    ['a version behind @', ['tidings', 'listen', '--types', 'order.shipped', '@'], ['@1', '@2']],
    ['nothing for a file', ['tidings', 'types', 'push', 'typ'], ['']],
  ])('offers %s', async (_case, words, expected) => {
    expect(await completeInBash(...words)).toEqual(expected);
  });
});
