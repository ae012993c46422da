import { listUrls } from '../../../src/broker/url-list';

it.each<[string | readonly string[], readonly string[]]>([
  ['amqp://a', ['amqp://a']],
  ['amqp://a,amqp://b', ['amqp://a', 'amqp://b']],
  ['amqps://a:5671/shop , amqps://b', ['amqps://a:5671/shop', 'amqps://b']],
  [
    ['amqp://a', 'amqp://b,amqp://c'],
    ['amqp://a', 'amqp://b', 'amqp://c'],
  ],
  // A comma may stand in a password as it is.
  ['amqp://app:a,b@host', ['amqp://app:a,b@host']],
  ['memory:', ['memory:']],
  ['', ['']],
])('lists the URLs of %j', (given, urls) => {
  expect(listUrls(given)).toEqual(urls);
});
