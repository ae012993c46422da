import { Window } from '../../../src/client/window';

/** What has resolved by now, of promises by name. */
async function settled(promises: Readonly<Record<string, Promise<void>>>): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [name, promise] of Object.entries(promises)) void promise.then(() => names.push(name));
  await new Promise((resolve) => setImmediate(resolve));
  return names;
}

function windowWith(inside: number, size: number): Window {
  const window = new Window(size);
  for (let i = 0; i < inside; i++) window.enter(1);
  return window;
}

it('is full with as many as it has room for', () => {
  expect(windowWith(3, 4).isFull).toBe(false);
  expect(windowWith(4, 4).isFull).toBe(true);
});

it('has room again when a quarter of it is free', async () => {
  const window = windowWith(8, 8);
  const room = window.hasRoom();
  window.leave(1);
  expect(await settled({ room })).toEqual([]);
  window.leave(1);
  expect(await settled({ room })).toEqual(['room']);
  expect(await settled({ again: window.hasRoom() })).toEqual(['again']);
});

it('of one has room when that one has left', async () => {
  const window = windowWith(1, 1);
  const room = window.hasRoom();
  expect(await settled({ room })).toEqual([]);
  window.leave(1);
  expect(await settled({ room })).toEqual(['room']);
});

it('is empty when the last has left, and when nobody ever came', async () => {
  const window = windowWith(2, 8);
  const empty = window.isEmpty();
  window.leave(1);
  expect(await settled({ empty })).toEqual([]);
  window.leave(1);
  expect(await settled({ empty, never: new Window(1).isEmpty() })).toEqual(['empty', 'never']);
});

it('may be overfull with one that takes several places, and waits until they are free', async () => {
  const window = windowWith(3, 4);
  window.enter(8);
  const room = window.hasRoom();
  window.leave(1);
  expect(await settled({ room })).toEqual([]);
  window.leave(8);
  expect(await settled({ room })).toEqual(['room']);
});
