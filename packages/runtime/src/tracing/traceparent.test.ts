import { describe, expect, test } from '@jest/globals';
import { formatTraceparent, readTraceparent } from './traceparent.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('a traceparent', () => {
  test.each([0, 1])('is read as it was written, with flags %d', (traceFlags) => {
    const text = formatTraceparent({ traceId, spanId, traceFlags });
    expect(text).toBe(`00-${traceId}-${spanId}-0${String(traceFlags)}`);
    expect(readTraceparent(text)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
  });

  // https://www.w3.org/TR/trace-context/#traceparent-header-field-values
  test.each([
    '',
    'evil',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`.replace('AF', 'XY'),
  ])('counts as none when it is malformed: "%s"', (text) => {
    expect(readTraceparent(text)).toBeNull();
  });
});
