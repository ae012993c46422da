import { TopologyConflictError, TopologyMissingError } from '../../../src/errors/broker-errors';
import { textOf } from './inbox';
import type { SuiteContext } from './suite-context';
import { classicQueue, exchange, quorumQueue, topology, toQueue } from './topologies';

export function describeTopology(context: SuiteContext): void {
  describe('a topology', () => {
    it('can be declared again', async () => {
      const [direct, queue] = [context.name('direct'), context.name('queue')];
      const plan = {
        exchanges: [exchange(direct, 'direct')],
        queues: [quorumQueue(queue)],
        bindings: [toQueue(direct, queue, 'k')],
      };
      await context.declare(plan);
      await context.publish('k', 'a', {}, direct);
      await context.declare(plan);
      await context.publish('k', 'b', {}, direct);
      await context.readyBecomes(queue, 2);
    });

    it('is refused when a queue exists with other arguments, field by field', async () => {
      const queue = await context.queue({ 'x-max-length': 5, 'x-delivery-limit': 20 });
      const wanted = quorumQueue(queue, { 'x-max-length': 6, 'x-message-ttl': 1000, 'x-delivery-limit': 20 });
      const error = await context.declare({ queues: [wanted] }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TopologyConflictError);
      if (!(error instanceof TopologyConflictError)) return;
      expect([error.kind, error.entity]).toEqual(['queue', queue]);
      expect([...error.differences].sort((a, b) => (a.field < b.field ? -1 : 1))).toEqual([
        { field: 'x-max-length', wanted: 6, actual: 5 },
        { field: 'x-message-ttl', wanted: 1000, actual: undefined },
      ]);
      expect(error.message).toContain(queue);
    });

    it('is refused when a queue is of another type', async () => {
      const queue = context.name('queue');
      await context.declare({ queues: [classicQueue(queue)] });
      await expect(context.declare({ queues: [quorumQueue(queue)] })).rejects.toMatchObject({
        code: 'TOPOLOGY_CONFLICT',
        differences: [{ field: 'x-queue-type', wanted: 'quorum', actual: 'classic' }],
      });
    });

    it('is refused when an exchange is of another type', async () => {
      const name = context.name('exchange');
      await context.declare({ exchanges: [exchange(name, 'topic')] });
      await expect(context.declare({ exchanges: [exchange(name, 'direct')] })).rejects.toMatchObject({
        code: 'TOPOLOGY_CONFLICT',
        kind: 'exchange',
        entity: name,
        differences: [{ field: 'type', wanted: 'direct', actual: 'topic' }],
      });
    });

    it('that is refused disturbs nothing that works', async () => {
      const queue = await context.queue();
      const { inbox } = await context.consume(queue);
      await context.publish(queue, 'before');
      const before = await inbox.take();
      await expect(context.declare({ queues: [quorumQueue(queue, { 'x-max-length': 1 })] })).rejects.toThrow(
        TopologyConflictError,
      );
      expect(before.ack()).toBe(true);
      await context.publish(queue, 'after');
      expect(textOf(await inbox.take())).toBe('after');
    });

    it('is looked for, and all that is missing is named, in mode "verify"', async () => {
      const [there, missing, alsoMissing] = [await context.queue(), context.name('missing'), context.name('missing')];
      const plan = topology({
        exchanges: [exchange(alsoMissing, 'topic')],
        queues: [quorumQueue(there), quorumQueue(missing)],
      });
      const error = await context.broker.applyTopology(plan, 'verify').catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TopologyMissingError);
      expect(error).toMatchObject({ missing: [`exchange "${alsoMissing}"`, `queue "${missing}"`] });
      expect(await context.broker.countReady(missing)).toBeUndefined();
      await context.broker.applyTopology(topology({ queues: [quorumQueue(there)] }), 'verify');
    });

    it('is left alone in mode "off"', async () => {
      const queue = context.name('queue');
      await context.broker.applyTopology(topology({ queues: [quorumQueue(queue)] }), 'off');
      expect(await context.broker.countReady(queue)).toBeUndefined();
    });

    it('only looks for the exchanges of others', async () => {
      const foreign = { ...exchange(context.name('foreign'), 'topic'), declare: false };
      await expect(context.declare({ exchanges: [foreign] })).rejects.toMatchObject({
        missing: [`exchange "${foreign.name}"`],
      });
      await context.declare({ exchanges: [{ ...foreign, declare: true }] });
      await context.declare({ exchanges: [{ ...foreign, type: 'direct' }] });
    });
  });
}
