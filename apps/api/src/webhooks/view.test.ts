import { describe, expect, test } from '@jest/globals';
import { circuitState } from './view.js';

const now = new Date('2026-03-01T12:00:00Z');
const earlier = new Date('2026-03-01T11:59:00Z');
const later = new Date('2026-03-01T12:01:00Z');

describe('the circuit of a webhook', () => {
  test.each([
    ['closed', null, null],
    ['open', earlier, later],
    ['half_open', earlier, now],
    ['half_open', earlier, earlier],
    ['half_open', earlier, null],
  ])('is %s when it opened at %j and the next probe is due at %j', (state, circuitOpenedAt, circuitProbeAt) => {
    expect(circuitState({ circuitOpenedAt, circuitProbeAt }, now)).toBe(state);
  });
});
