import { type WarrenModuleOptions } from '../../../src/nest';
import { readModuleOptions } from '../../../src/nest/module-options';

const problemsOf = (options: object): readonly string[] => {
  try {
    readModuleOptions(options as WarrenModuleOptions);
    return [];
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
};

it.each([
  [{ globalEnhancer: true }, ['WarrenModule: unknown option "globalEnhancer": did you mean "globalEnhancers"?']],
  [{ concurency: 3 }, ['WarrenModule: unknown option "concurency": did you mean "concurrency"?']],
  [{ tasks: [] }, [expect.stringMatching(/"tasks" is not an option here/)]],
  [{ globalEnhancers: true, isGlobal: false, connection: 'a', concurrency: 3 }, []],
])('%j: %j', (options, problems) => {
  expect(problemsOf(options)).toEqual(problems);
});
