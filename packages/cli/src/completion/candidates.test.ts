import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import { listenOnOwnPort } from '@tidings/testing';
import { first, second, writeOrders } from '../../test/order-shipped.js';
import { startRegistry, type Registry } from '../../test/registry.js';

let registry: Registry;
beforeEach(async () => {
  registry = await startRegistry();
  await registry.terminal.run(['types', 'push', writeOrders(first, second)]);
});
afterEach(() => {
  registry.close();
});

/** Completes the last of these words, and returns the candidates. */
const complete = async (line: string, env?: NodeJS.ProcessEnv): Promise<string[]> => {
  const io = env === undefined ? {} : { env };
  const { code, out, err } = await registry.terminal.run(['complete', '--', ...line.split(' ')], io);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out === '' ? [] : out.split('\n');
};

describe('tidings complete', () => {
  test.each([
    ['a command', 'tr', ['trigger']],
    ['a subcommand', 'types de', ['default', 'deprecate']],
    ['an option', 'types archive order.shipped --v', ['--version']],
    ['an option behind the value of another one', 'deliveries list --webhook wh_1 --ty', ['--types']],
    ['an option of every command', 'doctor --he', ['--health', '--help']],
    ['the choices of an option', 'webhooks create https://example.com --retry-schedule ', ['standard-webhooks']],
    ['the choices of an argument', 'completion ', ['bash', 'zsh', 'fish']],
    ['no hidden command', 'complet', ['completion']],
    ['no hidden option', 'revoke --ex', []],
    ['no option behind --', 'types archive -- --v', []],
    ['nothing for an unknown command', 'lissten --', []],
    ['nothing for a free text', 'webhooks create htt', []],
    ['nothing for an argument too many', 'trigger order.shipped order.', []],
  ])('offers %s', async (_case, line, expected) => {
    expect(await complete(line)).toEqual(expected);
  });

  test('offers all commands of the help for an empty word', async () => {
    const { out } = await registry.terminal.run('--help');
    expect(await complete('')).toEqual([...out.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name));
  });

  test.each(['trigger', 'types archive', 'types default', 'types deprecate', 'types deprecate order.shipped --replaced-by'])(
    'offers the names of event types behind "%s"',
    async (line) => {
      expect(await complete(`${line} order.`)).toEqual(['order.shipped']);
      // The server's search finds it: the word is a part of the name.
      expect(await complete(`${line} shipped`)).toEqual([]);
    },
  );

  test('offers types of all pages of the list', async () => {
    const names = (await registry.terminal.json('types list')).json.map(({ type }: { type: string }) => type);
    expect(names.length).toBeGreaterThan(2);
    expect(await complete('trigger ')).toEqual(names);
  });

  describe.each(['listen --types', 'webhooks create https://example.com --types', 'replay --types', 'deliveries list --types'])(
    'behind "%s"',
    (line) => {
      test.each([
        ['a type and its prefix', 'order', ['order.*', 'order.shipped']],
        ['a prefix that is complete', 'order.*', ['order.*']],
        ['the last pattern of a list', 'sync.*,order.s', ['sync.*,order.shipped']],
        ['versions behind @', 'order.shipped@', ['order.shipped@1', 'order.shipped@2']],
        ['the version that is begun', 'order.shipped@2', ['order.shipped@2']],
      ])('offers %s', async (_case, word, expected) => {
        expect(await complete(`${line} ${word}`)).toEqual(expected);
        const withName = expected.map((candidate) => `--types=${candidate}`);
        expect(await complete(`${line}=${word}`)).toEqual(withName);
      });
    },
  );

  test('asks the server and with the token that the options name', async () => {
    const { TIDINGS_URL: url, TIDINGS_TOKEN: token } = registry.env;
    const line = `trigger --url ${url} --token=${token} order.`;
    expect(await complete(line, {})).toEqual(['order.shipped']);
  });

  describe('prints nothing', () => {
    test('without a token', async () => {
      expect(await complete('trigger order.', { ...registry.env, TIDINGS_TOKEN: '' })).toEqual([]);
    });

    test('when the server cannot be reached', async () => {
      registry.close();
      expect(await complete('trigger order.')).toEqual([]);
    });

    test('when the server limits the rate', async () => {
      registry.limitRate(1);
      expect(await complete('trigger order.')).toEqual([]);
    });

    test('when the server has not answered after a second', async () => {
      const silent = createServer();
      const port = await listenOnOwnPort(silent);
      const started = performance.now();
      expect(await complete('trigger order.', { ...registry.env, TIDINGS_URL: `http://127.0.0.1:${String(port)}` })).toEqual([]);
      expect(performance.now() - started).toBeLessThan(3000);
      silent.closeAllConnections();
      silent.close();
    });
  });
});
