import { expect } from '@jest/globals';
import { createHmac } from 'node:crypto';
import supertest from 'supertest';
import { SECRET, type TestApi } from './start-api.js';

export type Json = Record<string, unknown>;
/** Unix seconds. */
export const now = Math.floor(Date.now() / 1000);
export const HEADER = { alg: 'HS256', typ: 'JWT' };
export const CLAIMS = { sub: 'alice', iss: 'platform', aud: 'tidings', iat: now, exp: now + 600 };

/** Text or bytes as they are, anything else as JSON: in base64url. */
export const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? (value as string) : JSON.stringify(value)).toString(
    'base64url',
  );
/** A token of any header and payload, rightly signed: what is wrong with it is what it says. Texts are taken as they are. */
export function forge(header: unknown, payload: unknown, { secret = SECRET, hash = 'sha256' } = {}): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}
/** The same bytes to most decoders: the last character carries bits that are left over. */
export const unpadded = (text: string) => text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);

export const PATH = '/api/webhooks';
const UNINFORMATIVE = JSON.stringify({
  type: 'about:blank',
  title: 'Not authenticated',
  status: 401,
  detail: 'Send a valid token: "Authorization: Bearer <token>".',
});

/** Expects the one answer that everybody gets who is not let in. */
export async function expectRefused(on: TestApi, headers: Record<string, string>, path = PATH): Promise<void> {
  const response = await supertest(on.url).get(path).set(headers);
  expect(response.status).toBe(401);
  expect(response.headers['www-authenticate']).toBe('Bearer');
  const { request_id: id, ...rest } = response.body as Json;
  expect(id).toBe(response.headers['x-request-id']);
  expect(JSON.stringify(rest)).toBe(UNINFORMATIVE);
}
