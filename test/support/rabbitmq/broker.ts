/** The RabbitMQ versions that tests can run on: 4.0 to 4.2 count returns and priorities in a way of their own. */
export const BROKER_SERIES = ['3.10', '4.0', '4.3'] as const;
export type BrokerSeries = (typeof BROKER_SERIES)[number];

/** Those of this run: the oldest supported one and the newest, unless `WARREN_TEST_SERIES=4.0` or `=3.10,4.0` says otherwise. */
export const TESTED_SERIES: readonly BrokerSeries[] = testedSeries(process.env['WARREN_TEST_SERIES'] ?? '3.10,4.3');

/** For what need not run on each of them. */
export const NEWEST_TESTED: BrokerSeries = TESTED_SERIES.at(-1) ?? '4.3';

function testedSeries(text: string): readonly BrokerSeries[] {
  return text.split(',').map((name) => {
    const series = BROKER_SERIES.find((each) => each === name.trim());
    if (series === undefined)
      throw new Error(`WARREN_TEST_SERIES names "${name}"; there are ${BROKER_SERIES.join(', ')}`);
    return series;
  });
}

/** What a test file gets to know about a broker that all test files share. */
export interface SharedBroker {
  readonly series: BrokerSeries;
  /** What the server itself says, such as 4.3.6. */
  readonly version: string;
  /** With user and password: `amqp://guest:guest@127.0.0.1:PORT`. */
  readonly url: string;
}

/** A TLS listener beside the plain one. Certificates are PEM. */
export interface BrokerTls {
  /** The authority that clients' certificates must come from. */
  readonly ca: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly clientCertificates: 'ignored' | 'required';
}

export interface BrokerOptions {
  readonly series: BrokerSeries;
  /** Lines of `rabbitmq.conf`, such as `consumer_timeout = 10000`; `{files}` stands for the folder of `files`. */
  readonly config?: readonly string[];
  /** Texts that the configuration names, by file name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Gives the broker its `tlsPort`. */
  readonly tls?: BrokerTls;
  /** Plugins to enable, such as `rabbitmq_management`, which gives the broker its `managementUrl`. */
  readonly plugins?: readonly string[];
}

/**
 * A broker that may be broken. It is running, suspended or down; data and port stay the same until it is disposed of.
 * No method waits forever: what takes too long is an error that ends in the tail of the broker's log.
 */
export interface TestBroker extends SharedBroker {
  readonly port: number;
  /** Erlang's name of the node. */
  readonly node: string;
  /** `http://127.0.0.1:PORT`, user and password guest. */
  readonly managementUrl: string | undefined;
  /** Of 127.0.0.1. */
  readonly tlsPort: number | undefined;
  /** Takes it down as a power cut would take its processes: SIGKILL. Resolves once they are gone; does nothing if it is down. */
  kill(): Promise<void>;
  /** Takes it down cleanly. Does nothing if it is down. */
  stop(): Promise<void>;
  /** Brings it up again after `kill` or `stop`. Resolves once it serves AMQP. */
  start(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open, nothing answers. */
  suspend(): Promise<void>;
  resume(): Promise<void>;
  /** Writes one of its `files` anew. */
  writeFile(name: string, text: string): Promise<void>;
  /** All that it has logged. */
  log(): Promise<string>;
  /** Runs rabbitmqctl and resolves to its output. */
  ctl(...args: readonly string[]): Promise<string>;
  /** Kills it and removes all that it has written. Does nothing the second time. */
  dispose(): Promise<void>;
}

/** Brokers that are nodes of one cluster. */
export interface TestCluster {
  readonly nodes: readonly TestBroker[];
  /** Of every node. */
  readonly urls: readonly string[];
  /** Brings back what is down, suspended or cut off. Resolves once every node knows every other one. */
  heal(): Promise<void>;
  /** Cuts a node off from the others: they hear nothing of each other. Clients reach all of them. */
  cutOff(node: TestBroker): Promise<void>;
  dispose(): Promise<void>;
}
