import { listUrls } from '../../broker/url-list';
import { ConfigurationError } from '../../errors/configuration-error';
import { type BrokerAddress, parseAddress } from './address';

/**
 * Parses the hosts of one broker: a URL, several with commas between them, or a list.
 *
 * @throws ConfigurationError with every mistake.
 */
export function parseAddresses(url: string | readonly string[]): readonly BrokerAddress[] {
  const urls = listUrls(url);
  const problems: string[] = [];
  const addresses = urls.flatMap((each, index) => {
    try {
      return [parseAddress(each)];
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems.map((problem) => (urls.length === 1 ? problem : `url[${index}]: ${problem}`)));
      return [];
    }
  });
  problems.push(...contradictions(addresses));
  if (urls.length === 0) problems.push('url is an empty list: name at least one broker');
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze(addresses);
}

/** What must be the same on every host of a broker. */
function contradictions(addresses: readonly BrokerAddress[]): readonly string[] {
  const differ = (of: (address: BrokerAddress) => unknown): boolean => new Set(addresses.map(of)).size > 1;
  return [
    ...(differ(({ vhost }) => vhost) ? ['every url must name the same vhost: queues of another one are others'] : []),
    ...(differ(({ tls }) => tls)
      ? ['either every url is amqps:// or none: a lost connection would come back without TLS']
      : []),
    ...(differ(({ hasCredentials }) => hasCredentials)
      ? ['either every url holds user and password or none: those without would log in as guest']
      : []),
  ];
}
