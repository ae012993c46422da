import { uniqueName } from '../../support/apps';
import { describeMetrics } from './metrics-suite';
import { describeTraces } from './trace-suite';

const url = `memory:${uniqueName('traces')}`;

describeTraces('the embedded broker', () => url);
describeMetrics('the embedded broker', () => url);
