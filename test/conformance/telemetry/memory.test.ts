import { uniqueName } from '../../support/apps';
import { describeTraces } from './trace-suite';

const url = `memory:${uniqueName('traces')}`;

describeTraces('the embedded broker', () => url);
