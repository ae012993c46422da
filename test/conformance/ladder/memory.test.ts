import { MemoryServer } from '../../../src/memory/memory-server';
import { systemClock } from '../../../src/time/system-clock';
import { describeLadder } from './ladder-suite';

describeLadder('the embedded broker', async () => {
  const broker = new MemoryServer({ clock: systemClock }).connect({});
  await broker.connect();
  return { broker, dispose: () => broker.close() };
});
