import { uniqueName } from '../../support/apps';
import { describeClocks } from './clock-suite';
import { describeTasks } from './task-suite';

const name = uniqueName('tasks');
describeTasks('the embedded broker', () => `memory:${name}`);
describeClocks('the embedded broker', () => `memory:${name}`);
