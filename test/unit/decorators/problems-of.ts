import { resolveDefinitions } from '../../../src/decorators/resolve-definitions';
import type { TaskDefaults } from '../../../src/decorators/task-options';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import type { ClassType } from '../../../src/task/class-type';

/** What is wrong with some classes; empty where nothing is. */
export function problemsOf(classes: readonly ClassType[], defaults?: TaskDefaults): readonly string[] {
  try {
    resolveDefinitions(classes, defaults);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}
