import { say } from '../progress';
import { provideBroker } from './broker';
import { provideRedis, RedisMissingError } from './redis';
import type { BenchServer } from './server';

export interface BenchServers {
  readonly rabbitmq: BenchServer;
  /** `undefined` where there is no Redis: what needs it is left out. */
  readonly redis: BenchServer | undefined;
  readonly dispose: () => Promise<void>;
}

export interface ServerUrls {
  readonly url: string | undefined;
  readonly redis: string | undefined;
  /** Whether anything that is measured needs it. */
  readonly needsRedis: boolean;
}

/** Starts what no URL is given for. */
export async function provideServers({ url, redis: redisUrl, needsRedis }: ServerUrls): Promise<BenchServers> {
  const redis = needsRedis ? await redisIfThere(redisUrl) : undefined;
  try {
    const rabbitmq = await provideBroker(url);
    const dispose = async () => void (await Promise.allSettled([rabbitmq.dispose(), redis?.dispose()]));
    return { rabbitmq, redis, dispose };
  } catch (error) {
    await redis?.dispose();
    throw error;
  }
}

async function redisIfThere(url: string | undefined): Promise<BenchServer | undefined> {
  try {
    return await provideRedis(url);
  } catch (error) {
    if (!(error instanceof RedisMissingError)) throw error;
    say(error.message);
    return undefined;
  }
}
