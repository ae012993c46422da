import { EventEmitter } from 'node:events';
import { warningsDuring } from '../../support/process-warnings';

it('hears what Node warns of', async () => {
  const warnings = await warningsDuring(async () => {
    const emitter = new EventEmitter();
    for (let count = 0; count < 11; count++) emitter.on('event', () => undefined);
    await new Promise(setImmediate);
  });
  expect(warnings).toEqual([expect.stringContaining('11 event listeners')]);
});
