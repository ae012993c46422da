import { WarrenError } from './warren-error';

/** Raised when the HTTP endpoint cannot listen: the port is taken, is not allowed, or the host is none of this machine. */
export class HttpListenError extends WarrenError {
  readonly code = 'HTTP_LISTEN_FAILED';

  constructor(
    readonly host: string,
    readonly port: number,
    detail: string,
  ) {
    super(
      `The HTTP endpoint cannot listen on ${host} port ${port}: ${detail}. Change http: { port, host }, or end what has the port.`,
    );
  }
}
