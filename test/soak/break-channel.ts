import type { TestBroker } from '../support/rabbitmq/broker';

/**
 * Has the broker close one channel with a 406, as it does after a mistake of its client: the channel's own process
 * would tell its connection the same. Everything else on the connection lives on.
 *
 * @param target - in [0, 1): which of the channels that are open.
 * @returns whether it had consumers.
 */
export async function breakChannel(broker: TestBroker, target: number): Promise<{ readonly consumes: boolean }> {
  const answer = await broker.ctl('eval', program(target));
  return { consumes: answer.includes('one that consumes') };
}

const program = (target: number): string => `
  case rabbit_channel:info_all([connection, number, consumer_count]) of
    [] -> "none was open";
    Channels ->
      Index = 1 + trunc(${target.toFixed(6)} * length(Channels)),
      [{connection, Connection}, {number, Number}, {consumer_count, Consumers}] = lists:nth(Index, Channels),
      Connection ! {channel_exit, Number, {amqp_error, precondition_failed, "closed by the soak", none}},
      case Consumers of 0 -> "one without consumers"; _ -> "one that consumes" end
  end.`;
