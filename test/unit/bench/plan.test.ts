import { CONTENDER_NAMES, OBSERVED } from '../../../bench/contenders';
import { SECTIONS } from '../../../bench/sections';
import { type Extent, SECTION_NAMES } from '../../../bench/sections/section';

const EXTENT: Extent = { rounds: 5, isFull: true, scale: 1, contenders: CONTENDER_NAMES, ownsBroker: true };

const RIVALS = CONTENDER_NAMES.filter((name) => !OBSERVED.includes(name));

const planOf = (name: string, extent = EXTENT) => SECTIONS.find((section) => section.name === name)?.plan(extent) ?? [];

describe('the plan of the benchmark', () => {
  it('has every section once, in their order', () => {
    expect(SECTIONS.map(({ name }) => name)).toEqual(SECTION_NAMES);
  });

  it('lets contenders take turns', () => {
    const steps = planOf('throughput');
    expect(steps.map(({ round }) => round)).toEqual([1, 2, 3, 4, 5].flatMap((round) => RIVALS.map(() => round)));
    expect(steps.slice(0, RIVALS.length).map(({ contender }) => contender)).toEqual(RIVALS);
  });

  it('measures what telemetry costs beside Warren alone', () => {
    const steps = planOf('telemetry', { ...EXTENT, rounds: 1 });
    expect(steps.map(({ contender }) => contender)).toEqual(['warren', ...OBSERVED]);
  });

  it('leaves out contenders whose server is missing', () => {
    const steps = planOf('throughput', { ...EXTENT, contenders: ['warren', 'amqplib'] });
    expect(new Set(steps.map(({ contender }) => contender))).toEqual(new Set(['warren', 'amqplib']));
  });

  it('finds the saturated rate of a round before it is halved', () => {
    const round = planOf('latency').filter((step) => step.round === 1);
    expect(round.map(({ contender, label }) => `${contender}: ${label}`)).toEqual([
      'amqplib: the saturated rate',
      'warren: half of it',
      'amqplib: half of it',
    ]);
  });

  it('shows growth in three rounds, and a million in one', () => {
    expect(Math.max(...planOf('queues').map(({ round }) => round))).toBe(3);
    expect(planOf('memory').map(({ contender }) => contender)).toEqual(['warren', 'amqplib']);
  });
});
