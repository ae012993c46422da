import { createTaskApp } from '../../../src';

async function warningsOf(rejectUnauthorized: boolean): Promise<readonly string[]> {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const warn = (_fields: object, message: string): void => void warnings.push(message);
  await createTaskApp({
    url: 'amqps://broker.example',
    tls: { rejectUnauthorized },
    logger: { debug: ignore, info: ignore, warn, error: ignore },
  });
  return warnings;
}

it('says that certificates are not verified, where somebody asked for that', async () => {
  expect(await warningsOf(false)).toEqual([expect.stringContaining('certificate is not verified')]);
  expect(await warningsOf(true)).toEqual([]);
});
