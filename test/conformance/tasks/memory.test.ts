import { uniqueName } from '../../support/apps';
import { describeTasks } from './task-suite';

const name = uniqueName('tasks');
describeTasks('the embedded broker', () => `memory:${name}`);
