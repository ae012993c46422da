import { newTaskId } from '../../../src/client/task-id';

const NOW = Date.UTC(2026, 0, 1, 12, 30, 0, 123);
const UUID_7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

it('is a UUID of version 7 that begins with its millisecond', () => {
  for (const now of [0, NOW, NOW + 0.75, 2 ** 48 - 1]) {
    const id = newTaskId(now);
    expect(id).toMatch(UUID_7);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Math.floor(now));
  }
});

it('is another one each time, in every digit but those of time and version', () => {
  const ids = Array.from({ length: 10_000 }, () => newTaskId(NOW));
  expect(new Set(ids).size).toBe(ids.length);
  const digits = Array.from({ length: 36 }, (_, at) => new Set(ids.map((id) => id[at])).size);
  expect(digits.map((size) => (size === 16 ? 'x' : size === 4 ? 'v' : ' ')).join('')).toBe(
    `${' '.repeat(15)}xxx vxxx xxxxxxxxxxxx`,
  );
});

it('sorts by time', () => {
  const ids = [NOW + 2, NOW, NOW + 1].map(newTaskId);
  expect([...ids].sort()).toEqual([ids[1], ids[2], ids[0]]);
});
