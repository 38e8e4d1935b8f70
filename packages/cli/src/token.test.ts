import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { keepMachineKeys } from '@tidings/config';
import { openTerminal } from '../test/cli.js';

const SECRET = 'a secret that is at least 32 bytes long';

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'tidings cli-'));
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

const tidings = (args: string[], env: NodeJS.ProcessEnv = { JWT_SECRET: SECRET }) =>
  openTerminal(env).run(args, { folder: project });

function claimsOf(token: string, secret = SECRET): jwt.JwtPayload {
  return jwt.verify(token.trim(), secret, { algorithms: ['HS256'] }) as jwt.JwtPayload;
}

describe('tidings token', () => {
  test('prints a token for an owner, valid for an hour, and nothing else', async () => {
    const { code, out, err } = await tidings(['token', '--sub', 'alice']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { sub, scope, iat = 0, exp = 0 } = claimsOf(out) as jwt.JwtPayload & { scope?: string };
    expect({ sub, scope, validS: exp - iat }).toEqual({ sub: 'alice', scope: undefined, validS: 3600 });
  });

  test('puts scopes, lifetime, and the issuer and audience of the environment into the token', async () => {
    const args = ['token', '--sub', 'alice', '--scope', 'events:publish admin', '--expires-in', '15m'];
    const { out } = await tidings(args, { JWT_SECRET: SECRET, JWT_ISSUER: 'me', JWT_AUDIENCE: 'tidings' });
    const claims = claimsOf(out);
    expect(claims).toMatchObject({ scope: 'events:publish admin', iss: 'me', aud: 'tidings' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
  });

  test("signs with the project's key when JWT_SECRET is not set", async () => {
    const { JWT_SECRET: secret } = keepMachineKeys(join(project, '.tidings'));
    expect(claimsOf((await tidings(['token', '--sub', 'bob'], {})).out, secret).sub).toBe('bob');
  });

  test('signs with the newest secret of JWT_SECRET_FILE in production, when asked to, and never with the key of the project', async () => {
    keepMachineKeys(join(project, '.tidings'));
    const file = join(project, 'secret');
    writeFileSync(file, `${SECRET}\nthe old secret, also of at least 32 bytes\n`);
    const args = ['token', '--sub', 'ops', '--scope', 'admin', '--production'];
    const { out } = await tidings(args, { JWT_SECRET_FILE: file, NODE_ENV: 'production' });
    expect(claimsOf(out)).toMatchObject({ sub: 'ops', scope: 'admin', jti: expect.any(String) });
    expect(await tidings(args, {})).toMatchObject({ code: 2, err: expect.stringContaining('JWT_SECRET_FILE') });
  });

  test.each([
    ['in production', ['--sub', 'alice'], { JWT_SECRET: SECRET, NODE_ENV: 'production' }, 'NODE_ENV is production'],
    ['without a key', ['--sub', 'alice'], {}, 'there is no key to sign with'],
    ['with a short key', ['--sub', 'alice'], { JWT_SECRET: 'short' }, 'shorter than 32 bytes'],
    [
      'with a missing file of its key',
      ['--sub', 'alice'],
      { JWT_SECRET_FILE: '/nowhere/secret' },
      'JWT_SECRET_FILE is wrong: ENOENT',
    ],
    ['without an owner', [], { JWT_SECRET: SECRET }, "required option '--sub <owner>' not specified"],
    ['a lifetime that the API refuses', ['--sub', 'alice', '--expires-in', '2d'], { JWT_SECRET: SECRET }, 'over 86400 seconds'],
    ['with an empty owner', ['--sub', ''], { JWT_SECRET: SECRET }, 'It must not be empty.'],
    ['with a duration that has no unit', ['--sub', 'alice', '--expires-in', '3600'], { JWT_SECRET: SECRET }, 'Write it as'],
  ])('refuses %s, and prints the reason', async (_case, args, env, message) => {
    const { code, out, err } = await tidings(['token', ...args], env);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});
