import { execFile } from 'node:child_process';
import { arch, cpus, loadavg, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { PROJECT_FOLDER } from '../test/support/project-folder';
import { type ContenderName, loadContender } from './contenders';
import type { DescribedContender, Environment } from './results/results';

export async function describeEnvironment(
  contenders: readonly ContenderName[],
  servers: readonly string[],
): Promise<Environment> {
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${arch()}`,
    node: process.versions.node,
    servers,
    contenders: await Promise.all(contenders.map(describeContender)),
    commit: await currentCommit(),
    load: loadavg()[0] ?? 0,
  };
}

async function describeContender(name: ContenderName): Promise<DescribedContender> {
  const { label, version, durability } = await loadContender(name);
  return { name, label, version, durability };
}

async function currentCommit(): Promise<string> {
  const git = async (...args: readonly string[]) =>
    (await promisify(execFile)('git', args, { cwd: PROJECT_FOLDER, timeout: 10_000 })).stdout.trim();
  try {
    const commit = await git('rev-parse', '--short', 'HEAD');
    return (await git('status', '--porcelain', '--', 'src', 'package-lock.json')) === '' ? commit : `${commit}+`;
  } catch {
    return 'unknown';
  }
}
