import type { Contender } from './contenders/contender';

/** By name, loaded when asked for: a process that measures one contender holds no other. The first is the one that is compared. */
const LOADERS = {
  warren: async (): Promise<Contender> => (await import('./contenders/warren.js')).warren,
  prometheus: async (): Promise<Contender> => (await import('./contenders/warren-observed.js')).warrenPrometheus,
  metrics: async (): Promise<Contender> => (await import('./contenders/warren-observed.js')).warrenMetrics,
  producer: async (): Promise<Contender> => (await import('./contenders/warren-observed.js')).warrenProducer,
  traces: async (): Promise<Contender> => (await import('./contenders/warren-observed.js')).warrenTraces,
  amqplib: async (): Promise<Contender> => (await import('./contenders/amqplib.js')).amqplib,
  described: async (): Promise<Contender> => (await import('./contenders/amqplib.js')).amqplibDescribed,
  golevelup: async (): Promise<Contender> => (await import('./contenders/golevelup.js')).golevelup,
  'nest-rmq': async (): Promise<Contender> => (await import('./contenders/nest-rmq.js')).nestRmq,
  bullmq: async (): Promise<Contender> => (await import('./contenders/bullmq.js')).bullmq,
};

export type ContenderName = keyof typeof LOADERS;

export const CONTENDER_NAMES = Object.keys(LOADERS) as readonly ContenderName[];

/** Warren with something switched on: no rivals, and measured beside Warren alone. */
export const OBSERVED: readonly ContenderName[] = ['prometheus', 'metrics', 'producer', 'traces'];

export const loadContender = (name: ContenderName): Promise<Contender> => LOADERS[name]();

/** What a contender keeps its tasks in. */
export const serverOf = (name: ContenderName): 'rabbitmq' | 'redis' => (name === 'bullmq' ? 'redis' : 'rabbitmq');
