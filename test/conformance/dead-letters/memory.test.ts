import { uniqueName } from '../../support/apps';
import { describeDeadLetters } from './dead-letters-suite';

const name = uniqueName('letters');
describeDeadLetters('the embedded broker', () => `memory:${name}`);
