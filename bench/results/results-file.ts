import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SECTION_NAMES } from '../sections/section';
import type { Results, SectionResult } from './results';

/** What was measured before; nothing where there is no such file. @throws Error when it cannot be read. */
export async function readResults(file: string): Promise<Results> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { sections: [] };
    throw error;
  }
  const results = JSON.parse(text) as Partial<Results>;
  if (!Array.isArray(results.sections)) throw new Error(`${file} has no results of this benchmark; remove it`);
  return { sections: results.sections };
}

/** Whole or not at all: an interrupted write must not cost what was measured in half an hour. */
export async function writeResults(file: string, results: Results): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(results)}\n`);
  await rename(`${file}.new`, file);
}

/** The results with a section measured anew. */
export function withSection(results: Results, measured: SectionResult): Results {
  const others = results.sections.filter(({ section }) => section !== measured.section);
  const order = ({ section }: SectionResult) => SECTION_NAMES.indexOf(section);
  return { sections: [...others, measured].toSorted((a, b) => order(a) - order(b)) };
}
