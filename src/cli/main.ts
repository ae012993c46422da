#!/usr/bin/env node
import { runCommandLine } from './run';

/** `warren … | head` closes the pipe: nobody wants to hear more. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

// Files with tasks may have opened anything while they were loaded: the command is over when it says so.
void runCommandLine(process.argv.slice(2), process, process.env, process.cwd()).then((exitCode) => {
  process.exitCode = exitCode;
  process.stdout.write('', () => process.exit());
});
