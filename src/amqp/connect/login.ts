import type { BrokerCredentials, CredentialsOption } from '../../broker/access';
import { ConnectionFailedError } from '../../errors/broker-errors';
import { describeThrown } from '../../errors/describe-thrown';
import type { BrokerAddress } from './address';
import { withDeadline } from './deadline';

/** What one connection logs in with. The secret is behind a function, so that nothing that is printed shows it. */
export interface Login {
  readonly mechanism: 'PLAIN' | 'EXTERNAL';
  readonly username: string;
  /** Milliseconds since 1970; `undefined`: never. */
  readonly expiresAt: number | undefined;
  readonly secret: () => string;
}

/** @throws ConnectionFailedError where there is nothing to log in with. */
export type LoginSource = (address: BrokerAddress) => Promise<Login>;

const EXTERNAL: Login = Object.freeze({
  mechanism: 'EXTERNAL',
  username: '',
  expiresAt: undefined,
  secret: () => '',
});

const EXPECTED = 'Expected { username, password, expiresAt? }: two texts without a zero character, and a Date.';

/** Where logins come from: the URL, the client's certificate, or the user's function, which has `timeoutMs`. */
export function loginSource(credentials: CredentialsOption | undefined, timeoutMs: number): LoginSource {
  if (credentials === 'external') return async () => EXTERNAL;
  if (credentials === undefined) return async ({ username, password }) => plain(username, password(), undefined);
  return async ({ label }) => {
    const given = await ask(credentials, timeoutMs, label);
    if (!areCredentials(given)) {
      throw new ConnectionFailedError(
        label,
        'credentials',
        `the credentials function gave something else. ${EXPECTED}`,
      );
    }
    return plain(given.username, given.password, given.expiresAt?.getTime());
  };
}

/** The SASL response. */
export const responseOf = ({ mechanism, username, secret }: Login): Buffer =>
  Buffer.from(mechanism === 'EXTERNAL' ? '' : `\0${username}\0${secret()}`);

const plain = (username: string, password: string, expiresAt: number | undefined): Login =>
  Object.freeze({ mechanism: 'PLAIN', username, expiresAt, secret: () => password });

async function ask(
  credentials: Exclude<CredentialsOption, 'external'>,
  timeoutMs: number,
  label: string,
): Promise<unknown> {
  const failed = (why: string): ConnectionFailedError =>
    new ConnectionFailedError(label, 'no-credentials', `the credentials function ${why}.`);
  // `async`, so that one that throws is one that rejects.
  const asked = (async (): Promise<unknown> => credentials())().then(
    (given) => ({ given }),
    (thrown: unknown) => ({ thrown }),
  );
  const answer = await withDeadline(asked, timeoutMs, () => failed(`gave nothing within ${timeoutMs} ms`));
  if ('given' in answer) return answer.given;
  // Never its message, nor the error as cause: who fetches a password may well quote it.
  const { name, code } = describeThrown(answer.thrown);
  throw failed(
    `threw ${name}${code === undefined ? '' : ` (${code})`}; its message may hold a secret and is not shown`,
  );
}

function areCredentials(value: unknown): value is BrokerCredentials {
  if (typeof value !== 'object' || value === null) return false;
  const { username, password, expiresAt } = value as Partial<Record<keyof BrokerCredentials, unknown>>;
  const isText = (text: unknown): boolean => typeof text === 'string' && !text.includes('\0');
  const isInstant = expiresAt instanceof Date && !Number.isNaN(expiresAt.getTime());
  return isText(username) && isText(password) && (expiresAt === undefined || isInstant);
}
