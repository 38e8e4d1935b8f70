import { describe, expect, test } from '@jest/globals';
import { decodeAnnouncement, encodeAnnouncement, type AnnouncedEvent } from './announcement.js';

const event: AnnouncedEvent = {
  position: 7,
  id: 'evt_1',
  type: 'sync.failed',
  version: 2,
  isPreview: true,
  owner: 'alice',
  data: '{}',
  announcedAt: 1,
};

describe('a message on the stream channel', () => {
  test('is decoded to the events that were encoded', () => {
    const events = [event, { ...event, position: 8, owner: null }];
    expect(decodeAnnouncement(encodeAnnouncement(events))).toEqual(events);
    expect(decodeAnnouncement('[]')).toEqual([]);
  });

  test('of a process of the version before has events of the first version', () => {
    const { version: _, isPreview: __, ...before } = event;
    expect(decodeAnnouncement(JSON.stringify([before]))).toEqual([{ ...event, version: 1, isPreview: false }]);
  });

  test.each<[string, unknown]>([
    ['a version that is a text', [{ ...event, version: '1' }]],
    ['no list', null],
    ['a list of something else', [null]],
    ['a position with a NUL', [event, { ...event, position: '8\0' }]],
    ['a position that is not whole', [{ ...event, position: 7.5 }]],
    ['a position beyond every log', [{ ...event, position: 1e300 }]],
    ['no data', [{ ...event, data: undefined }]],
    ['an owner that is a list', [{ ...event, owner: ['alice'] }]],
    ['no time', [{ ...event, announcedAt: null }]],
  ])('with %s is refused', (_name, message) => {
    expect(() => decodeAnnouncement(JSON.stringify(message))).toThrow('not a list of events');
  });
});
