import type { Answer } from './state';

/** Answers that are kept for as long as nothing follows: whoever asked looks for its own within seconds. */
const KEPT_ANSWERS = 200;
/** Answers to changes that came at once. */
const MAX_ANSWERS = 2_000;

/** The answers with one more. */
export const withAnswer = (answers: readonly Answer[], answer: Answer): readonly Answer[] => [
  ...answers.slice(1 - MAX_ANSWERS),
  answer,
];

/** The answers that are kept once nobody looks for the others any more: the same list where that is all of them. */
export const keptAnswers = (answers: readonly Answer[]): readonly Answer[] =>
  answers.length <= KEPT_ANSWERS ? answers : answers.slice(-KEPT_ANSWERS);
