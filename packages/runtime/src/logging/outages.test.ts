import { expect, test } from '@jest/globals';
import { createOutages } from './outages.js';

let at = 0;
const seconds = (value: number): void => void (at += value * 1000);
const create = () =>
  createOutages(
    (error) => (error instanceof Error ? error.message : undefined),
    () => at,
  );
const gone = new Error('gone');

test('of the warnings about one outage, one is written a minute, with the number of the others', () => {
  const outages = create();
  let written = 0;
  expect(outages.next(gone)).toEqual({ write: true, heldBack: 0 });
  for (let second = 1; second < 60; second += 1) {
    seconds(1);
    if (outages.next(gone).write) written += 1;
  }
  expect(written).toBe(0);
  seconds(1);
  expect(outages.next(gone)).toEqual({ write: true, heldBack: 59 });
  expect(outages.next(gone).write).toBe(false);
});

test('a second outage is written at once', () => {
  const outages = create();
  outages.next(gone);
  seconds(10);
  expect(outages.next(gone).write).toBe(false);
  seconds(15);
  expect(outages.next(gone).write).toBe(true);
});

test('other problems, and warnings without one, are written', () => {
  const outages = create();
  outages.next(gone);
  expect(outages.next(new Error('full')).write).toBe(true);
  for (let count = 0; count < 2; count += 1) expect(outages.next(undefined)).toEqual({ write: true, heldBack: 0 });
});
