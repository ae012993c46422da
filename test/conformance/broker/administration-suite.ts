import { LockedError, TopologyConflictError } from '../../../src/errors/broker-errors';
import { UnroutableError } from '../../../src/errors/enqueue-errors';
import { eventually } from '../../support/bounded';
import { textOf } from './inbox';
import type { SuiteContext } from './suite-context';
import { classicQueue, exchange, quorumQueue, topology, toQueue } from './topologies';

/** What the command line does to a broker. */
export function describeAdministration(context: SuiteContext): void {
  describe('administration', () => {
    it('tells what a queue holds and how many consume it, and that there is none', async () => {
      const queue = await context.queue();
      expect(await context.broker.queueState(queue)).toEqual({ ready: 0, consumers: 0 });
      await context.publish(queue, 'a');
      await context.readyBecomes(queue, 1);
      const { inbox } = await context.consume(queue);
      await inbox.take();
      const state = await eventually(
        'the consumer',
        () => context.broker.queueState(queue),
        (now) => now?.ready === 0 && now.consumers === 1,
      );
      expect(state).toEqual({ ready: 0, consumers: 1 });
      expect(await context.broker.queueState(context.name('nothing'))).toBeUndefined();
    });

    it('looks at more queues at once than a connection has channels, and publishes meanwhile', async () => {
      const states: string[] = [];
      const broker = await context.under.connect({ onConnection: (_name, state) => states.push(state) });
      const [there, missing] = [await context.queue(), context.name('missing')];
      const looks = Array.from({ length: 2_500 }, (_, index) => broker.queueState(index % 4 === 0 ? missing : there));
      await broker.publisher.publish({ exchange: '', routingKey: there, body: Buffer.from(''), properties: {} });
      const found = await Promise.all(looks);
      expect(found.filter((state) => state === undefined)).toHaveLength(625);
      expect(states).toEqual(['connecting', 'connected']);
      await context.readyBecomes(there, 1);
    }, 60_000);

    it('declares beside the plan, and refuses what is there with other arguments', async () => {
      const queue = context.name('beside');
      await context.broker.declare(topology({ queues: [quorumQueue(queue, { 'x-delivery-limit': 5 })] }));
      await context.broker.declare(topology({ queues: [quorumQueue(queue, { 'x-delivery-limit': 5 })] }));
      await expect(
        context.broker.declare(topology({ queues: [quorumQueue(queue, { 'x-delivery-limit': 6 })] })),
      ).rejects.toThrow(TopologyConflictError);
      expect(await context.broker.queueState(queue)).toEqual({ ready: 0, consumers: 0 });
    });

    it('finds what a plan misses and what differs, argument by argument, and changes nothing', async () => {
      const [same, other, gone] = [context.name('same'), context.name('other'), context.name('gone')];
      await context.declare({
        queues: [quorumQueue(same), quorumQueue(other, { 'x-delivery-limit': 5 })],
        exchanges: [exchange(same, 'topic')],
      });
      const plan = topology({
        queues: [quorumQueue(same), quorumQueue(other, { 'x-delivery-limit': 6 }), quorumQueue(gone)],
        exchanges: [exchange(same, 'topic'), exchange(gone, 'fanout')],
      });
      const found = await context.broker.admin.inspect(plan);
      expect(found.map(({ kind, entity, name }) => `${kind} ${entity} ${name}`).sort()).toEqual([
        `different queue ${other}`,
        `missing exchange ${gone}`,
        `missing queue ${gone}`,
      ]);
      expect(found.find(({ name }) => name === other)).toMatchObject({ differences: [{ field: 'x-delivery-limit' }] });
      expect(await context.broker.queueState(gone)).toBeUndefined();
    });

    it('removes a binding, and takes one that is not there for removed', async () => {
      const [source, queue] = [context.name('source'), context.name('bound')];
      await context.declare({
        queues: [quorumQueue(queue)],
        exchanges: [exchange(source, 'direct')],
        bindings: [toQueue(source, queue, 'key')],
      });
      await context.publish('key', 'bound', {}, source);
      await context.broker.admin.unbind([toQueue(source, queue, 'key')]);
      await context.broker.admin.unbind([toQueue(source, queue, 'key')]);
      await expect(context.publish('key', 'not bound', {}, source)).rejects.toThrow(UnroutableError);
    });

    it('deletes no quorum queue of which a message is out, though nobody consumes it', async () => {
      const queue = await context.queue();
      await context.publish(queue, 'a');
      await context.publish(queue, 'b');
      const { inbox, subscription } = await context.consume(queue, 1);
      const held = await inbox.take();
      await subscription.cancel();
      const reader = await context.broker.openReader(queue);
      const read = await reader.next();
      expect(await context.broker.countReady(queue)).toBe(0);
      expect(await context.broker.deleteUnused(queue, 'quorum')).toEqual({ kind: 'in-use' });
      expect(held.ack()).toBe(true);
      await context.broker.ping();
      expect(await context.broker.deleteUnused(queue, 'quorum')).toEqual({ kind: 'in-use' });
      expect(read?.ack()).toBe(true);
      await reader.close();
      const deletion = await eventually(
        'its deletion',
        () => context.broker.deleteUnused(queue, 'quorum'),
        ({ kind }) => kind !== 'in-use',
      );
      expect(deletion).toEqual({ kind: 'deleted', lost: 0 });
    });

    it.each([
      ['quorum', quorumQueue],
      ['classic', classicQueue],
    ] as const)('deletes no %s queue that somebody looks through', async (type, spec) => {
      const queue = context.name('looked');
      await context.declare({ queues: [spec(queue)] });
      await context.publish(queue, 'a');
      await context.readyBecomes(queue, 1);
      const scan = await context.broker.openScan(queue);
      const seen = await scan.next();
      if (seen !== undefined) scan.keep(seen);
      expect(await context.broker.countReady(queue)).toBe(0);
      expect(await context.broker.deleteUnused(queue, type)).toEqual({ kind: 'in-use' });
      await scan.close();
      expect(await context.broker.countReady(queue)).toBe(1);
    });

    it.each([
      ['quorum', quorumQueue],
      ['classic', classicQueue],
    ] as const)('deletes a %s queue that is empty and unused, and no other', async (type, spec) => {
      const queue = context.name('old');
      await context.declare({ queues: [spec(queue)] });
      await context.publish(queue, 'a');
      await context.readyBecomes(queue, 1);
      expect(await context.broker.deleteUnused(queue, type)).toEqual({ kind: 'in-use' });
      const { inbox, subscription } = await context.consume(queue);
      expect((await inbox.take()).ack()).toBe(true);
      expect(await context.broker.deleteUnused(queue, type)).toEqual({ kind: 'in-use' });
      await subscription.close();
      // A quorum queue counts a consumer and its delivery for a moment after they are gone.
      const deletion = await eventually(
        'its deletion',
        () => context.broker.deleteUnused(queue, type),
        ({ kind }) => kind !== 'in-use',
      );
      expect(deletion).toEqual({ kind: 'deleted', lost: 0 });
      expect(await context.broker.deleteUnused(queue, type)).toEqual({ kind: 'missing' });
    });

    it('shows to others that a lifeline is held, until it is given back', async () => {
      const name = context.name('lifeline');
      const other = await context.under.connect();
      expect(await other.isLocked(name)).toBe(false);
      const release = await context.broker.lifeline(name);
      expect(await other.isLocked(name)).toBe(true);
      await release();
      await eventually(
        'the end of the lifeline',
        () => other.isLocked(name),
        (isLocked) => !isLocked,
      );
    });

    it('gives a lock to one connection at a time, until it is given back or the connection ends', async () => {
      const lock = context.name('lock');
      const other = await context.under.connect();
      const unlock = await context.broker.lock(lock);
      await expect(other.lock(lock)).rejects.toThrow(LockedError);
      await unlock();
      await other.lock(lock);
      await expect(context.broker.lock(lock)).rejects.toThrow(LockedError);
      await other.close();
      // The broker takes a moment to clear up after a connection.
      const unlockAgain = await eventually(
        'the lock',
        () => context.broker.lock(lock).catch((error: unknown) => error as Error),
        (got) => typeof got === 'function',
      );
      if (typeof unlockAgain === 'function') await unlockAgain();
    });

    it('leaves settled what was settled when its reader says so', async () => {
      const queue = await context.queue({ 'x-delivery-limit': 20 });
      for (const body of ['a', 'b', 'c']) await context.publish(queue, body);
      await context.readyBecomes(queue, 3);
      const reader = await context.broker.openReader(queue);
      const [first] = [await reader.next(), await reader.next()];
      expect(first?.ack()).toBe(true);
      await reader.settled();
      await reader.close();
      await context.readyBecomes(queue, 2);
      const again = await context.broker.openReader(queue);
      const left = [await again.next(), await again.next()];
      expect(left.map((delivery) => (delivery === undefined ? undefined : textOf(delivery))).sort()).toEqual([
        'b',
        'c',
      ]);
    });
  });
}
