import type { OptionReader } from '../options/option-reader';

/** Where the HTTP endpoint listens. */
export interface HttpOptions {
  /** 0 to 65,535; 0: one that is free, see `app.httpPort`. */
  readonly port: number;
  /** An address of this machine. @defaultValue all of them, since Kubernetes asks the pod's own */
  readonly host?: string;
}

const KEYS = ['port', 'host'] as const satisfies readonly (keyof HttpOptions)[];
const MAX_PORT = 65_535;

/** Reads the option `http`; `undefined` is off. */
export function readHttpOptions(reader: OptionReader): HttpOptions | undefined {
  const value = reader.value('http');
  if (value === undefined || value === false) return undefined;
  const http = reader.nested('http', value);
  if (http === undefined) return undefined;
  http.refuseUnknown(KEYS);
  const port = http.wholeNumber('port', 0, MAX_PORT);
  if (http.value('port') === undefined) http.refuse('port', `a whole number from 0 to ${MAX_PORT}`);
  const host = http.value('host');
  if (host !== undefined && (typeof host !== 'string' || host === '')) http.refuse('host', 'a non-empty string');
  return Object.freeze({ port: port ?? 0, ...(typeof host === 'string' ? { host } : {}) });
}
