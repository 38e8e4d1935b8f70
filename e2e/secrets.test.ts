import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gapsUpdated } from '@tidings/events';
import { Webhook } from 'standardwebhooks';
import { startReceiver, type Arrival } from './harness/receiver.js';
import { startTidings, type Tidings } from './harness/tidings.js';
import type { User } from './harness/user.js';

let tidings: Tidings;
let alice: User;
let service: User;
beforeAll(async () => {
  tidings = await startTidings();
  alice = tidings.asUser('alice');
  service = tidings.asUser('service', 'events:publish');
});
afterAll(() => tidings.stop());

/** The secrets that verify the signature of a request. */
function verifyingSecrets(secrets: string[], { headers, body }: Arrival): string[] {
  return secrets.filter((secret) => {
    try {
      new Webhook(secret).verify(body.toString(), headers);
      return true;
    } catch {
      return false;
    }
  });
}

describe('the secrets of a webhook', () => {
  test('overlap after a rotation: both verify a request, until a rotation with overlap_s 0', async () => {
    const receiver = await startReceiver();
    const { id, secret: first } = await alice.register(receiver);
    const deliver = async () => {
      const count = receiver.arrivals.length + 1;
      await service.publish(gapsUpdated({ user_id: 'alice', entity_type: 'artist', entity_id: '45' }));
      return (await receiver.waitFor(count)).at(-1) as Arrival;
    };
    const rotate = async (body: object) => {
      const reply = await alice.call('POST', `/api/webhooks/${id}/rotate-secret`, body);
      expect(reply.status).toBe(200);
      return String(reply.body['secret']);
    };
    expect(verifyingSecrets([first], await deliver())).toEqual([first]);
    const second = await rotate({});
    expect(verifyingSecrets([first, second], await deliver())).toEqual([first, second]);
    const third = await rotate({ overlap_s: 0 });
    expect(verifyingSecrets([first, second, third], await deliver())).toEqual([third]);
    await alice.call('DELETE', `/api/webhooks/${id}`);
  });
});

describe('testing a webhook', () => {
  test('returns the response to a signed request, also for a disabled webhook, and logs no event or delivery', async () => {
    const receiver = await startReceiver(() => 418);
    const { id, secret } = await alice.register(receiver);
    await alice.call('PATCH', `/api/webhooks/${id}`, { enabled: false });
    const { status, body } = await alice.call('POST', `/api/webhooks/${id}/test`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ webhook_id: id, succeeded: false, status_code: 418, response_body: 'thanks' });

    const [arrival] = await receiver.waitFor(1);
    expect(arrival?.id).toBe(body['event_id']);
    expect(verifyingSecrets([secret], arrival as Arrival)).toEqual([secret]);
    expect(JSON.parse(String(arrival?.body))).toMatchObject({ type: 'webhook.test', data: { webhook_id: id } });
    expect(await alice.deliveryLog({ id })).toEqual([]);
    expect(await alice.eventLog()).not.toContain(body['event_id']);
    expect((await tidings.asUser('mallory').call('POST', `/api/webhooks/${id}/test`)).status).toBe(404);
  });

  test('does not reveal the private address of a host name', async () => {
    const receiver = await startReceiver();
    // With an allowed private network, internal host names may be registered; loopback is not in that network.
    const withPrivateNetwork = await startTidings({ env: { EGRESS_ALLOW_CIDRS: '10.99.0.0/16' } });
    const user = withPrivateNetwork.asUser('alice');
    const { id } = await user.register({ url: receiver.url.replace('127.0.0.1', 'localhost') });
    const { status, body } = await user.call('POST', `/api/webhooks/${id}/test`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ succeeded: false, error_class: 'dns', status_code: null, response_body: null });
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|::1/);
    expect(receiver.arrivals).toEqual([]);
    await withPrivateNetwork.stop();
  });
});
