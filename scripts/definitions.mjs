// Writes rabbitmq/definitions.json, the quickstart's topology as RabbitMQ imports it; with --check, fails when it is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTaskApp, formatTopology } from 'warren';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const file = join(root, 'rabbitmq/definitions.json');

const app = await createTaskApp({
  url: 'memory:',
  cwd: root,
  tasks: ['.build/examples/quickstart/**/*.tasks.js'],
  logger: false,
});
const definitions = `${formatTopology(app.topology, 'definitions').trimEnd()}\n`;

if (!process.argv.includes('--check')) {
  writeFileSync(file, definitions);
} else if (readFileSync(file, 'utf8') !== definitions) {
  console.error('rabbitmq/definitions.json is stale: run "npm run definitions" and commit it.');
  process.exit(1);
}
