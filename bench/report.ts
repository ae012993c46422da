import { cpus } from 'node:os';
import { CONTENDER_NAMES, type ContenderName, loadContender } from './contenders';
import type { Workload } from './contenders/contender';
import type { Measurement } from './measurement';
import type { Results } from './rounds';
import { SETTINGS } from './settings';
import { ratioOf, type Spread, spreadOf } from './statistics';

/** Everything that a run has to say; `--json` prints it as it is. */
export interface Report {
  readonly machine: string;
  readonly node: string;
  readonly broker: string;
  readonly settings: typeof SETTINGS & { readonly rounds: number; readonly messages: number };
  readonly results: Readonly<Record<Workload, readonly Line[]>>;
}

type Figures = Readonly<Record<keyof Measurement, Spread>>;

/** One contender at one workload. */
export interface Line {
  readonly contender: ContenderName;
  readonly label: string;
  readonly version: string;
  readonly durability: string;
  readonly figures: Figures;
  /** The first contender's figures divided by this one's; `undefined` for the first itself. */
  readonly ratios: Figures | undefined;
  readonly rounds: readonly Measurement[];
}

export async function createReport(
  results: Results,
  broker: string,
  { rounds, messages }: { readonly rounds: number; readonly messages: number },
): Promise<Report> {
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    node: process.versions.node,
    broker,
    settings: { ...SETTINGS, rounds, messages },
    results: { enqueue: await linesOf('enqueue', results), consume: await linesOf('consume', results) },
  };
}

async function linesOf(workload: Workload, results: Results): Promise<readonly Line[]> {
  const measured = results[workload];
  const first = roundsOf(CONTENDER_NAMES[0], measured);
  return Promise.all(
    CONTENDER_NAMES.map(async (contender, index): Promise<Line> => {
      const { label, version, durability } = await loadContender(contender);
      const rounds = roundsOf(contender, measured);
      const figures = eachFigure((figure) => spreadOf(figure(rounds)));
      const ratios = index === 0 ? undefined : eachFigure((figure) => ratioOf(figure(first), figure(rounds)));
      return { contender, label, version, durability: durability[workload], figures, ratios, rounds };
    }),
  );
}

const roundsOf = (contender: ContenderName | undefined, measured: Results[Workload]): readonly Measurement[] =>
  (contender === undefined ? undefined : measured.get(contender)) ?? [];

function eachFigure(spread: (figure: (rounds: readonly Measurement[]) => readonly number[]) => Spread): Figures {
  return {
    messagesPerSecond: spread((rounds) => rounds.map((round) => round.messagesPerSecond)),
    cpuMicrosPerMessage: spread((rounds) => rounds.map((round) => round.cpuMicrosPerMessage)),
  };
}
