import { expect } from '@jest/globals';
import { createHmac } from 'node:crypto';
import supertest from 'supertest';
import { SECRET, type TestApi } from './start-api.js';

export type Json = Record<string, unknown>;
/** Unix seconds. */
export const now = Math.floor(Date.now() / 1000);
export const HEADER = { alg: 'HS256', typ: 'JWT' };
export const CLAIMS = { sub: 'alice', iss: 'platform', aud: 'tidings', iat: now, exp: now + 600 };

/** Encodes in base64url: texts and bytes unchanged, any other value as JSON. */
export const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? (value as string) : JSON.stringify(value)).toString(
    'base64url',
  );
/**
 * Makes a token with any header and payload and a valid signature, so that only its content can be wrong. Texts are encoded
 * unchanged.
 */
export function forge(header: unknown, payload: unknown, { secret = SECRET, hash = 'sha256' } = {}): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}
/** Changes only the unused bits of the last base64url character: most decoders return the same bytes. */
export const unpadded = (text: string) => text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);

export const PATH = '/api/webhooks';
const UNINFORMATIVE = JSON.stringify({
  type: 'about:blank',
  title: 'Not authenticated',
  status: 401,
  detail: 'Send a valid token: "Authorization: Bearer <token>".',
});

/** Expects the 401 that every request without a valid token gets, whatever is wrong with the token. */
export async function expectRefused(on: TestApi, headers: Record<string, string>, path = PATH): Promise<void> {
  const response = await supertest(on.url).get(path).set(headers);
  expect(response.status).toBe(401);
  expect(response.headers['www-authenticate']).toBe('Bearer');
  const { request_id: id, ...rest } = response.body as Json;
  expect(id).toBe(response.headers['x-request-id']);
  expect(JSON.stringify(rest)).toBe(UNINFORMATIVE);
}
