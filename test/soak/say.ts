/** For whoever watches; the report alone goes to standard output. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);
