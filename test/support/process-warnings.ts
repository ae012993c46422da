import { runInThisContext } from 'node:vm';

/** Jest gives tests a copy of `process`, which hears nothing. */
const theProcess = runInThisContext('process') as NodeJS.Process;

/** What Node warns of while something is done, such as too many listeners on one emitter. */
export async function warningsDuring(act: () => Promise<void>): Promise<readonly string[]> {
  const warnings: string[] = [];
  const hear = ({ message }: Error): void => void warnings.push(message);
  theProcess.on('warning', hear);
  try {
    await act();
  } finally {
    theProcess.off('warning', hear);
  }
  return warnings;
}
