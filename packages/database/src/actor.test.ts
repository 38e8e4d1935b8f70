import { describe, expect, test } from '@jest/globals';
import { actorKindOf, type ActorKind } from './actor.js';

describe('the kind of an actor', () => {
  test.each<ActorKind>(['owner', 'operator', 'system'])('is the recorded one: %s', (actorKind) => {
    const entry = { actor: 'tidings', actorKind, action: 'webhook.changed', owner: 'tidings', details: {} };
    expect(actorKindOf(entry)).toBe(actorKind);
  });

  const failing = { reason: { from: null, to: 'failing' } };
  test.each<[actor: string, action: string, owner: string | null, ActorKind | null, details?: object]>([
    ['alice', 'webhook.created', 'alice', 'owner'],
    ['olga', 'webhook.paused', 'alice', 'operator'],
    ['olga', 'owner.changed', 'olga', 'operator'],
    ['tidings', 'deliveries.paused', null, 'operator'],
    ['tidings', 'webhook.disabled', 'alice', 'system', failing],
    ['tidings', 'webhook.disabled', 'tidings', 'system', failing],
    ['tidings', 'webhook.changed', 'tidings', 'owner'],
    ['tidings reseal', 'secret.resealed', 'alice', 'system'],
    ['tidings reseal', 'webhook.changed', 'tidings reseal', 'owner'],
    ['tidings', 'webhook.changed', 'alice', null],
  ])('of an entry without one follows from what was done: %s %s of %s', (actor, action, owner, expected, details = {}) => {
    expect(actorKindOf({ actor, actorKind: null, action, owner, details })).toBe(expected);
  });
});
