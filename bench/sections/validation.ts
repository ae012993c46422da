import type { ValidateJob } from '../jobs/job';
import type { Sample, Work } from '../results/sample';
import { warmUpFor } from '../settings';
import { type Section, type Step, scaled } from './section';

const MESSAGES = 200_000;

const VARIANTS: readonly (Pick<ValidateJob, 'payload' | 'by'> & { readonly work: Work })[] = [
  { work: 'validateFlat', payload: 'flat', by: 'warren' },
  { work: 'validateFlatByLibraries', payload: 'flat', by: 'libraries' },
  { work: 'validateNested', payload: 'nested', by: 'warren' },
  { work: 'validateNestedByLibraries', payload: 'nested', by: 'libraries' },
];

/** What a payload costs that is made into an instance and validated: compiled once, or as the libraries do it. */
export const validation: Section = {
  name: 'validation',
  title: 'Validation',
  plan: (extent) => {
    const messages = scaled(MESSAGES, extent);
    const rounds = Array.from({ length: extent.rounds }, (_, index) => index + 1);
    return rounds.flatMap((round) => VARIANTS.map((variant) => validate(variant, messages, round)));
  },
};

function validate({ work, payload, by }: (typeof VARIANTS)[number], messages: number, round: number): Step {
  const contender = 'warren';
  return {
    contender,
    round,
    label: `${payload} by ${by}`,
    run: async ({ measure }): Promise<readonly Sample[]> => {
      const figures = await measure({ kind: 'validate', payload, by, messages, warmUp: warmUpFor(messages) });
      return [{ work, contender, round, figures }];
    },
  };
}
