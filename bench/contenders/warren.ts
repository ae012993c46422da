import { warrenContender } from './warren-contender';

export const warren = warrenContender({
  label: 'Warren',
  durability: {
    enqueue: 'validated, persistent, mandatory, confirmed by a quorum queue; anything else is a typed error',
    consume: 'validated, acknowledged after the handler; one that throws is retried, then dead-lettered',
  },
  options: () => ({}),
});
