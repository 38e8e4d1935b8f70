import { describe, expect, test } from '@jest/globals';
import { judgeChallenge } from './challenge.js';

const CHALLENGE = 'x3Jt0sQmB2gq0m1y8cVYvK5cX6rT7hWnE9aLpD4uFzI';
const answered = (responseBody: string | null) => ({ errorClass: null, error: null, responseBody });

describe('a challenge is answered by a 2xx', () => {
  test.each([
    ['JSON', JSON.stringify({ challenge: CHALLENGE })],
    ['JSON with other fields and white space', ` { "ok": true,\n "challenge": "${CHALLENGE}" } `],
    ['plain text', CHALLENGE],
    ['plain text with a line break', `${CHALLENGE}\r\n`],
    ['a JSON string', `"${CHALLENGE}"`],
  ])('with the challenge as %s', (_, body) => {
    expect(judgeChallenge(answered(body), CHALLENGE)).toBeNull();
  });
});

describe('a challenge is not answered', () => {
  test.each([
    ['an empty body', ''],
    ['no body', null],
    ['another challenge', JSON.stringify({ challenge: 'other' })],
    ['a part of it', CHALLENGE.slice(1)],
    // A server that repeats whatever it is sent, such as an error page, has not agreed to anything.
    ['the whole request', JSON.stringify({ type: 'webhook.verification', data: { challenge: CHALLENGE } })],
    ['a page that quotes it', `<p>unknown: ${CHALLENGE}</p>`],
    ['a list', JSON.stringify([CHALLENGE])],
    ['null', 'null'],
  ])('by %s', (_, body) => {
    expect(judgeChallenge(answered(body), CHALLENGE)).toEqual({
      class: 'challenge',
      sentence: 'The response did not contain the challenge.',
    });
  });

  test('by another status, whatever the body', () => {
    const refused = { errorClass: 'http_status', error: 'The response had the status 404.', responseBody: CHALLENGE } as const;
    expect(judgeChallenge(refused, CHALLENGE)).toEqual({ class: 'http_status', sentence: 'The response had the status 404.' });
  });
});
