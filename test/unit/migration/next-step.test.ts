import { type MigrationFacts, nextStep } from '../../../src/migration/next-step';

const old = (ready: number, consumers = 0): MigrationFacts['home'] => ({
  kind: 'old',
  type: 'classic',
  ready,
  consumers,
});

type Facts = Omit<MigrationFacts, 'senders'> & Partial<MigrationFacts>;

it.each<[string, Facts, string]>([
  ['a queue that is as planned', { home: { kind: 'planned' }, holding: undefined }, 'done'],
  ['a queue that was never declared', { home: { kind: 'missing' }, holding: undefined }, 'done'],
  ['a queue that is consumed', { home: old(5, 1), holding: undefined }, 'blocked'],
  ['an old queue', { home: old(5), holding: undefined }, 'prepare-holding'],
  ['a holding queue of an earlier run', { home: old(5), holding: { ready: 2, prepared: false } }, 'prepare-holding'],
  ['an old queue that was not watched', { home: old(5), holding: { ready: 0, prepared: true } }, 'watch'],
  ['an empty queue that was not watched', { home: old(0), holding: { ready: 5, prepared: true } }, 'watch'],
  ['senders', { home: old(0), holding: { ready: 5, prepared: true }, senders: 'busy' }, 'busy'],
  [
    'messages in the old queue',
    { home: old(5), holding: { ready: 0, prepared: true }, senders: 'silent' },
    'move-to-holding',
  ],
  [
    'an old queue that is empty',
    { home: old(0), holding: { ready: 5, prepared: true }, senders: 'silent' },
    'delete-old',
  ],
  ['a deleted queue', { home: { kind: 'missing' }, holding: { ready: 5, prepared: true } }, 'declare-new'],
  [
    'a deleted queue of an earlier run',
    { home: { kind: 'missing' }, holding: { ready: 5, prepared: false } },
    'declare-new',
  ],
  [
    'a new queue whose bindings are in doubt',
    { home: { kind: 'planned' }, holding: { ready: 5, prepared: false } },
    'declare-new',
  ],
  ['a new queue', { home: { kind: 'planned' }, holding: { ready: 5, prepared: true } }, 'move-home'],
  ['everything at home', { home: { kind: 'planned' }, holding: { ready: 0, prepared: true } }, 'delete-holding'],
])('%s: %#', (_name, facts, step) => {
  expect(nextStep({ senders: 'unknown', ...facts }).kind).toBe(step);
});
