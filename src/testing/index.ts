export { TestStalledError } from '../errors/test-stalled-error';
export { ManualClock } from '../time/manual-clock';
export { createTestApp, type TestAppOptions } from './create-test-app';
export { type EnqueuedForTest, type PerformedTask, TestApp } from './test-app';
export type { TestBenchOptions } from './test-bench';
