import { onOwnChannel, openChannel, openConfirmChannel } from '../../../../src/amqp/connect/channels';
import type { AmqpConnection } from '../../../../src/amqp/connect/connection';
import type { PeerRequest } from '../../../support/amqp-peer';
import { closeAll, openConnection, roundTrip } from '../peer-connections';

afterEach(closeAll);

const modelOf = ({ model }: AmqpConnection) => {
  if (model === undefined) throw new Error('there is no connection');
  return model;
};

describe('a channel that is being opened', () => {
  it.each<readonly [PeerRequest, 'instead of the answer' | 'in one piece with the answer']>([
    ['ChannelOpen', 'instead of the answer'],
    ['ChannelOpen', 'in one piece with the answer'],
    ['ConfirmSelect', 'instead of the answer'],
    ['ConfirmSelect', 'in one piece with the answer'],
  ])('and that the broker closes at %s, %s, takes no other along', async (request, when) => {
    const { peer, connection, server, reported } = await openConnection();
    const other = await openChannel(modelOf(connection));
    let otherClosed = false;
    other.on('close', () => {
      otherClosed = true;
    });
    await server.takes('ChannelOpen');
    peer.hold(request);
    const opening = openConfirmChannel(modelOf(connection)).then(
      () => undefined,
      () => undefined,
    );
    const taken = await server.takes(request);
    peer.release(request);
    const closing = server.closingOf(taken.channel, 504, 'CHANNEL_ERROR');
    server.write(...(when === 'in one piece with the answer' ? [server.answerTo(taken)] : []), closing);
    await opening;
    await roundTrip(connection);
    expect([otherClosed, reported]).toEqual([false, ['connecting', 'connected']]);
  });

  it('fails when the connection is lost, as a lost connection', async () => {
    const { peer, connection, server } = await openConnection();
    peer.hold('ChannelOpen');
    const opening = onOwnChannel(modelOf(connection), () => Promise.resolve());
    await server.takes('ChannelOpen');
    peer.release('ChannelOpen');
    server.drop();
    await expect(opening).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  describe('by a broker that does not answer', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] }));
    afterEach(() => jest.useRealTimers());

    it('fails after 10 s, and is closed where it opens later', async () => {
      const { peer, connection, server } = await openConnection();
      peer.hold('ChannelOpen');
      const opening = openChannel(modelOf(connection));
      const failed = expect(opening).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
      const asked = await server.takes('ChannelOpen');
      jest.advanceTimersByTime(10_000);
      await failed;
      asked.answer();
      const closed = await server.takes('ChannelClose');
      expect(closed.channel).toBe(asked.channel);
      peer.release('ChannelOpen');
      await roundTrip(connection);
    });
  });
});
