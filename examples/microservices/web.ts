import { createTaskApp } from 'warren';
import { resizeImage } from './contract';

/** A process that only enqueues. It has the contract, and none of the handlers' code. */
async function main(run: string): Promise<void> {
  const app = await createTaskApp({ name: 'web', logger: false });
  await app.start();
  const images = Array.from({ length: 8 }, (_, index) => ({
    id: `image-${run}-${index + 1}`,
    payload: { url: `https://example.com/${index + 1}.jpg`, width: 640 },
  }));
  const results = await app.client.enqueueMany(resizeImage, images);
  const failed = results.find((result) => !result.ok);
  if (failed !== undefined) throw failed.error;
  console.log(`enqueued ${results.length} images, each routed and confirmed`);
  await app.stop();
}

void main(process.argv[2] ?? 'run');
