/** Ports beside AMQP's at a RabbitMQ server, and what answers there. */
const OTHER_PORTS: Readonly<Record<string, string>> = {
  15672: 'the management plugin, which speaks HTTP',
  15671: 'the management plugin, which speaks HTTPS',
  15692: 'the Prometheus plugin, which speaks HTTP',
  25672: 'the other nodes of a cluster',
  4369: "Erlang's port mapper",
  1883: 'MQTT',
  8883: 'MQTT over TLS',
  61613: 'STOMP',
  61614: 'STOMP over TLS',
  5552: 'RabbitMQ streams',
  5551: 'RabbitMQ streams over TLS',
};

/** Who usually answers at a port that is not AMQP's; `undefined` where nobody else does. */
export const otherUser = (port: number | string): string | undefined => OTHER_PORTS[String(port)];

/** What was put around a URL, or into it, by what it was read from: the first that fits. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
  [
    /^\uFEFF/,
    'it begins with a byte order mark, which an editor or PowerShell writes: save the file that it comes from as UTF-8 without one',
  ],
  [
    /[\r\n]\s*$/,
    'it ends in a line break, as files do that "echo" wrote: write them with printf or "echo -n", or trim the URL',
  ],
  [/^\s|\s$/, 'there is white space at its beginning or end: remove it, or trim the URL'],
  [
    /^["'`]|["`]$/,
    'there are quotation marks around it, which "docker run --env-file" and some other readers keep: leave them out',
  ],
  [
    /\$\{[^}]*\}|^\$\(|\$\([^)]*\s[^)]*\)|\{\{.*\}\}|^\$\w+$|^%\w+%$/s,
    'it holds a variable that nobody has replaced, such as $NAME: single quotes and some files take it literally',
  ],
  [
    /^(?:undefined|null|\[object Object\]|NaN)$/,
    'it is the text of a value that was not set: check the variable that it comes from',
  ],
];

const TEXT_OF_NOTHING = /^(?:undefined|null|NaN|\[object Object\])$/;

/** Whether a part of a URL is the text of a value that was not set. */
export const isTextOfNothing = (part: string): boolean => TEXT_OF_NOTHING.test(part);

/** What is wrong with a URL before it is taken apart. Shows no part of it. */
export function mistakeAround(url: string): string | undefined {
  return MISTAKES.find(([pattern]) => pattern.test(url))?.[1];
}

/** What is wrong with the beginning of a URL that is no AMQP URL. Shows its scheme alone, which is no secret. */
export function mistakenScheme(url: string): string {
  const must = 'it must begin with amqp:// or amqps://';
  if (/^amqps?:/i.test(url)) return `${must}, with two slashes`;
  const [, scheme = ''] = /^([a-z][a-z0-9+.-]{0,20}):\/\//i.exec(url) ?? [];
  if (/^https?$/i.test(scheme)) {
    return `${must}, and begins with ${scheme}://: the management plugin's address is not the broker's, whose port is usually 5672`;
  }
  return scheme === '' ? `${must}, and has no such scheme` : `${must}, and begins with ${scheme}://`;
}
