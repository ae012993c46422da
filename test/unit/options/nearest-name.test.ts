import fc from 'fast-check';
import { nearestName } from '../../../src/options/nearest-name';

const OPTIONS = ['maxAttempts', 'maxElapsed', 'backoff', 'timeout', 'queue', 'name', 'prefetch', 'type'];

describe('nearestName', () => {
  it.each([
    ['maxAttemps', 'maxAttempts'],
    ['maxattempts', 'maxAttempts'],
    ['maxAttemtps', 'maxAttempts'],
    ['attempts', 'maxAttempts'],
    ['timeOut', 'timeout'],
    ['timeoutMs', 'timeout'],
    ['queu', 'queue'],
    ['prefecth', 'prefetch'],
    ['nam', 'name'],
    ['tyep', 'type'],
    ['qeuue', 'queue'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearestName(name, OPTIONS)).toBe(meant);
  });

  it.each(['priority', 'x', '', '__proto__', 'delay', 'a'.repeat(1_000)])('takes %p for nothing', (name) => {
    expect(nearestName(name, OPTIONS)).toBeUndefined();
  });

  it('finds a name itself among any others', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), {
      minLength: 1,
      selector: (name) => name.toLowerCase(),
    });
    fc.assert(fc.property(names, (all) => all.every((name) => nearestName(name, all) === name)));
  });

  it('finds a name of four letters and more with two neighbours that changed places', () => {
    const name = fc.stringMatching(/^[a-z]{4,20}$/);
    fc.assert(
      fc.property(name, fc.nat(), (meant, at) => {
        const place = at % (meant.length - 1);
        const swapped = `${meant.slice(0, place)}${meant[place + 1]}${meant[place]}${meant.slice(place + 2)}`;
        return nearestName(swapped, [meant, '0'.repeat(meant.length)]) === meant;
      }),
    );
  });

  it('finds a name of four letters and more with one letter wrong', () => {
    const name = fc.stringMatching(/^[a-z]{4,20}$/);
    fc.assert(
      fc.property(name, fc.nat(), (meant, at) => {
        const place = at % meant.length;
        const mistyped = `${meant.slice(0, place)}_${meant.slice(place + 1)}`;
        return nearestName(mistyped, [meant, '0'.repeat(meant.length)]) === meant;
      }),
    );
  });
});
