/** A task in the dead-letter queue: how many messages it has there, and the reason that the last one names. */
export interface DeadTask {
  readonly copies: number;
  readonly reason: string;
}

/** What stands in the queues at the end, read by plain amqplib. */
export interface Leftovers {
  readonly dead: ReadonlyMap<number, DeadTask>;
  /** Tasks in the home queue, among its suspects, on the delay ladder and in the unrouted queue. */
  readonly queued: ReadonlySet<number>;
  /** Messages that no task of this soak has sent. */
  readonly foreign: number;
  /** Messages that the broker counts and does not hand out, by queue: its own dead-lettering waits for confirms, for three minutes. */
  readonly held: ReadonlyMap<string, number>;
}

/** @param list - lines of a queue's name, a tab and a number, as rabbitmqctl prints them. @returns the queues that are not empty. */
export function parseCounts(list: string): ReadonlyMap<string, number> {
  const rows = list.split('\n').map((line) => /^(\S+)\t(\d+)$/.exec(line.trim()));
  return new Map(rows.flatMap((row) => (row === null || row[2] === '0' ? [] : [[String(row[1]), Number(row[2])]])));
}
