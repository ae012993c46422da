export { ManualClock } from '../time/manual-clock';
export { createTestApp, type EnqueuedForTest, type PerformedTask, TestApp, type TestAppOptions } from './test-app';
