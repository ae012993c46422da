import { ExchangeTable } from '../../../src/memory/exchange-table';
import type { Arguments, BindingSpec, ExchangeSpec } from '../../../src/topology/topology';
import { exchange, toExchange, toQueue } from '../../conformance/broker/topologies';

function table(exchanges: readonly ExchangeSpec[], bindings: readonly BindingSpec[]): ExchangeTable {
  const built = new ExchangeTable();
  for (const spec of exchanges) built.declare(spec);
  for (const spec of bindings) built.bind(spec);
  return built;
}

const alternate = (name: string): Arguments => ({ 'alternate-exchange': name });

describe('routing', () => {
  it('tells an exchange without a match from one that is missing', () => {
    const exchanges = table([exchange('e', 'direct')], []);
    expect(exchanges.route('e', ['k'])).toEqual([]);
    expect(exchanges.route('missing', ['k'])).toBeUndefined();
  });

  it('knows the exchanges that every broker has', () => {
    const exchanges = table(
      [],
      [toQueue('amq.topic', 'q', 'a.#'), toQueue('amq.direct', 'q', 'k'), toQueue('amq.fanout', 'q')],
    );
    expect(exchanges.route('amq.topic', ['a.b'])).toEqual(['q']);
    expect(exchanges.route('amq.direct', ['k'])).toEqual(['q']);
    expect(exchanges.route('amq.fanout', ['x'])).toEqual(['q']);
  });

  it('names each queue once, over several keys and ways', () => {
    const exchanges = table(
      [exchange('e', 'topic'), exchange('f', 'fanout')],
      [
        toQueue('e', 'q', 'a'),
        toQueue('e', 'q', '#'),
        toQueue('e', 'r', 'b'),
        toExchange('e', 'f', 'b'),
        toQueue('f', 'q'),
      ],
    );
    expect(exchanges.route('e', ['a', 'b', 'a'])).toEqual(['q', 'r']);
  });

  it('ends in a circle of exchanges', () => {
    const exchanges = table(
      [exchange('a', 'fanout'), exchange('b', 'fanout')],
      [toExchange('a', 'b'), toExchange('b', 'a'), toExchange('b', 'b'), toQueue('b', 'q')],
    );
    expect(exchanges.route('a', ['k'])).toEqual(['q']);
  });

  it('takes the alternate exchange of whichever exchange has no binding for the key', () => {
    const exchanges = table(
      [
        exchange('top', 'topic', alternate('unused')),
        exchange('below', 'direct', alternate('spare')),
        exchange('spare', 'fanout'),
        exchange('unused', 'fanout'),
      ],
      [toExchange('top', 'below', '#'), toQueue('spare', 'parked'), toQueue('unused', 'never')],
    );
    expect(exchanges.route('top', ['k'])).toEqual(['parked']);
  });

  it('drops what an alternate exchange that does not exist would take', () => {
    expect(table([exchange('e', 'direct', alternate('nowhere'))], []).route('e', ['k'])).toEqual([]);
  });

  it('sees what was bound or deleted since it last looked', () => {
    const exchanges = table([exchange('e', 'direct'), exchange('f', 'fanout')], []);
    expect(exchanges.route('e', ['k'])).toEqual([]);
    exchanges.bind(toQueue('e', 'q', 'k'));
    exchanges.bind(toExchange('e', 'f', 'k'));
    exchanges.bind(toQueue('f', 'r'));
    expect(exchanges.route('e', ['k'])).toEqual(['q', 'r']);
    exchanges.unbindQueue('q');
    expect(exchanges.route('e', ['k'])).toEqual(['r']);
  });

  it('does not mix up exchanges and keys whose names run together', () => {
    const exchanges = table(
      [exchange('a', 'direct'), exchange('a.b', 'direct')],
      [toQueue('a', 'one', 'b.c'), toQueue('a.b', 'two', 'c')],
    );
    expect([exchanges.route('a', ['b.c']), exchanges.route('a.b', ['c'])]).toEqual([['one'], ['two']]);
  });

  it('stays right with more keys than it remembers', () => {
    const exchanges = table([exchange('e', 'topic')], [toQueue('e', 'even', '*.0'), toQueue('e', 'odd', '*.1')]);
    for (let key = 0; key < 10_000; key++) {
      expect(exchanges.route('e', [`${key}.${key % 2}`])).toEqual([key % 2 === 0 ? 'even' : 'odd']);
    }
  });
});
