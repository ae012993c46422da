import { sharedServer } from '../../../src/app/memory-servers';
import { systemClock } from '../../../src/time/system-clock';
import { describeSchedules, hostName } from './schedule-suite';

describeSchedules('the embedded broker', async () => {
  const name = hostName();
  return {
    url: `memory:${name}`,
    deleteQueue: async (queue) => {
      sharedServer(name, systemClock).deleteQueue(queue);
    },
    dispose: async () => undefined,
  };
});
