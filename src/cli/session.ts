import type { TaskAppOptions } from '../app/app-options';
import { createTaskApp } from '../app/create-task-app';
import type { TaskApp } from '../app/task-app';
import { type LoadedConfig, loadConfig } from './config';
import { EXIT, type ExitCode } from './exit-codes';
import type { CommonOptions } from './options';
import { Output, type Terminal } from './output';

/** One run of the command line: where it stands, what it was told, and how it ends. */
export class Session {
  exitCode: ExitCode = EXIT.ok;

  constructor(
    readonly terminal: Terminal,
    readonly environment: NodeJS.ProcessEnv,
    readonly cwd: string,
  ) {}

  output(options: CommonOptions): Output {
    return new Output(this.terminal, options.json === true);
  }

  config(options: CommonOptions): Promise<LoadedConfig> {
    return loadConfig(this.cwd, options.config);
  }

  /** Options of an app as the configuration and the command line give them. */
  async appOptions(options: CommonOptions): Promise<TaskAppOptions> {
    const { folder, config } = await this.config(options);
    const { contracts: _contracts, management: _management, ...fromConfig } = config;
    return {
      cwd: folder,
      ...fromConfig,
      ...(options.url === undefined ? {} : { url: options.url }),
      // Globs of the command line are relative to where it is typed.
      ...(options.tasks === undefined ? {} : { tasks: options.tasks, cwd: this.cwd }),
    };
  }

  /** An app that only looks and sends: it runs nothing, declares nothing and logs nothing. Not started yet. */
  async operatorApp(options: CommonOptions): Promise<TaskApp> {
    return createTaskApp({
      ...(await this.appOptions(options)),
      consume: false,
      topology: 'off',
      logger: false,
      handleSignals: false,
      http: false,
    });
  }

  /** Connects for the time of one command. @throws ConnectionFailedError */
  async withApp<T>(options: CommonOptions, use: (app: TaskApp) => Promise<T>): Promise<T> {
    const app = await this.operatorApp(options);
    try {
      await app.start();
      return await use(app);
    } finally {
      await app.stop();
    }
  }
}
