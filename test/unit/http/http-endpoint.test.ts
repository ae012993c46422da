import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import { HttpEndpoint, type HttpHandler } from '../../../src/http/http-endpoint';
import { bounded } from '../../support/bounded';

const host = '127.0.0.1';
const hello: HttpHandler = () => ({ contentType: 'text/plain', body: 'hello' });

const opened: HttpEndpoint[] = [];
const failures: string[] = [];
async function open(paths: Readonly<Record<string, HttpHandler>>): Promise<string> {
  const endpoint = new HttpEndpoint({ port: 0, host }, (path, error) => failures.push(`${path} ${String(error)}`));
  for (const [path, handler] of Object.entries(paths)) endpoint.add(path, handler);
  opened.push(endpoint);
  await endpoint.open();
  return `http://${host}:${endpoint.port}`;
}
afterEach(async () => {
  failures.length = 0;
  await bounded('every endpoint to close', Promise.all(opened.splice(0).map((endpoint) => endpoint.close())));
});

it('answers what was added, whatever the query, and lets nobody store it', async () => {
  const url = await open({ '/hello': hello, '/full': async () => ({ status: 503, contentType: 'a/b', body: 'no' }) });
  const answer = await fetch(`${url}/hello?verbose`);
  expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
  expect(answer.headers.get('content-type')).toBe('text/plain');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const full = await fetch(`${url}/full`);
  expect([full.status, await full.text()]).toEqual([503, 'no']);
});

it('answers HEAD with no body, refuses other methods, and names its paths where one is unknown', async () => {
  const url = await open({ '/hello': hello });
  const head = await fetch(`${url}/hello`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5', '']);
  const post = await fetch(`${url}/hello`, { method: 'POST', body: 'x'.repeat(100_000) });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const unknown = await fetch(`${url}/__proto__`);
  expect([unknown.status, await unknown.text()]).toEqual([404, 'There is /hello.\n']);
});

it('survives a handler that fails, and tells the process but not the asker', async () => {
  const url = await open({
    '/throws': () => {
      throw new Error('secret');
    },
    '/rejects': () => Promise.reject(new Error('secret')),
  });
  for (const path of ['/throws', '/rejects']) {
    const answer = await fetch(url + path);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
  }
  expect(failures).toEqual(['/throws Error: secret', '/rejects Error: secret']);
});

it('takes and gives back paths while it is open', async () => {
  const url = await open({});
  const endpoint = opened[0] as HttpEndpoint;
  const remove = endpoint.add('/metrics', hello);
  expect((await fetch(`${url}/metrics`)).status).toBe(200);
  expect(() => endpoint.add('/metrics', hello)).toThrow(ConfigurationError);
  remove();
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
});

it.each(['metrics', '', '/a b', '/a?b', 5])('refuses %j as a path', (path) => {
  const endpoint = new HttpEndpoint(undefined, () => undefined);
  expect(() => endpoint.add(path as string, hello)).toThrow(/must be like "\/metrics"/);
});

it('says which port it cannot have, and why', async () => {
  const other = createServer().listen(0, host);
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const endpoint = new HttpEndpoint({ port, host }, () => undefined);
  await expect(endpoint.open()).rejects.toMatchObject({
    code: 'HTTP_LISTEN_FAILED',
    port,
    message: expect.stringMatching(/EADDRINUSE/) as string,
  });
  await endpoint.close();
  other.close();
});

it('never listens without options', async () => {
  const endpoint = new HttpEndpoint(undefined, () => undefined);
  await endpoint.open();
  expect(endpoint.port).toBeUndefined();
  await endpoint.close();
});

it('closes though somebody is connected and says nothing, twice, and while it begins to listen', async () => {
  const url = new URL(await open({ '/hello': hello }));
  const idle = connect(Number(url.port), host);
  idle.on('error', () => undefined);
  await once(idle, 'connect');
  const ended = once(idle, 'close');
  const [endpoint] = opened;
  await bounded('the close', Promise.all([endpoint?.close(), endpoint?.close()]));
  await bounded('the end of the connection', ended);
  const early = new HttpEndpoint({ port: 0, host }, () => undefined);
  const opening = early.open();
  await early.close();
  await opening;
  expect(early.port).toBeUndefined();
});
