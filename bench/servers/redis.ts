import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { bounded } from '../../test/support/bounded';
import { freePort } from '../../test/support/rabbitmq/free-port';
import type { BenchServer } from './server';

const START_TIMEOUT_MS = 20_000;
const END_TIMEOUT_MS = 10_000;

/** What must be told when there is no Redis: the rest runs without it. */
export class RedisMissingError extends Error {
  constructor() {
    super(
      'BullMQ is not measured, since there is no redis-server on PATH. ' +
        'Install it (Debian, Ubuntu: apt-get install redis-server), or start one ' +
        '(docker run --rm -p 6379:6379 redis redis-server --appendonly yes --maxmemory-policy noeviction) and give its address: --redis redis://127.0.0.1:6379',
    );
  }
}

/** The Redis at the URL, or one that is started for this run. @throws RedisMissingError when neither is there. */
export async function provideRedis(url: string | undefined): Promise<BenchServer> {
  if (url !== undefined) return { url, description: await describe(url), isOwn: false, dispose: async () => undefined };
  await promisify(execFile)('redis-server', ['--version']).catch(() => {
    throw new RedisMissingError();
  });
  return startRedis();
}

async function startRedis(): Promise<BenchServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'warren-bench-redis-'));
  const settings = { bind: '127.0.0.1', port, dir: folder, appendonly: 'yes', appendfsync: 'everysec', save: '""' };
  const server = settingsText(settings);
  // Redis does not notice when this process dies; the shell does, by the end of its standard input. Ctrl-C goes to all of
  // them, and must not end the shell before Redis.
  const script = 'trap "" INT; redis-server "$@" & cat > /dev/null; kill -KILL $! 2> /dev/null';
  const shell = spawn('sh', ['-c', script, 'sh', ...server], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  const dispose = async (): Promise<void> => {
    shell.stdin.end();
    await bounded('Redis to end', ended, END_TIMEOUT_MS);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const url = `redis://127.0.0.1:${port}`;
  try {
    return { url, description: await describe(url), isOwn: true, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

const settingsText = (settings: Readonly<Record<string, string | number>>): readonly string[] =>
  Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** Waits until it answers. */
async function describe(url: string): Promise<string> {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  // It is retried until the deadline; without a listener each attempt would be printed.
  redis.on('error', () => undefined);
  try {
    const info = await bounded(`Redis at ${new URL(url).host} to answer`, redis.info(), START_TIMEOUT_MS);
    const field = (name: string): string => new RegExp(`^${name}:(.*)\\r?$`, 'm').exec(info)?.[1]?.trim() ?? 'unknown';
    return `Redis ${field('redis_version')} (appendonly ${field('aof_enabled') === '1' ? 'yes' : 'no'})`;
  } finally {
    redis.disconnect();
  }
}
