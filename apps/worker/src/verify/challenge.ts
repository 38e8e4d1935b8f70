import type { AttemptResult } from '../deliver/attempt-result.js';

/** Why a receiver did not answer a challenge: the class of the error, and a sentence for the owner of the webhook. */
export interface ChallengeError {
  class: NonNullable<AttemptResult['errorClass']> | 'challenge';
  sentence: string;
}

/**
 * Judges the answer to a challenge. Returns null if the receiver echoed it: with a 2xx whose body is the JSON
 * `{"challenge": "…"}`, or the challenge as plain text.
 */
export function judgeChallenge(
  { errorClass, error, responseBody }: Pick<AttemptResult, 'errorClass' | 'error' | 'responseBody'>,
  challenge: string,
): ChallengeError | null {
  if (errorClass !== null) return { class: errorClass, sentence: error ?? '' };
  const body = (responseBody ?? '').trim();
  if (body === challenge || challengeIn(body) === challenge) return null;
  return { class: 'challenge', sentence: 'The response did not contain the challenge.' };
}

function challengeIn(body: string): unknown {
  try {
    const value = JSON.parse(body) as unknown;
    return typeof value === 'object' && value !== null ? (value as { challenge?: unknown }).challenge : value;
  } catch {
    return undefined;
  }
}
