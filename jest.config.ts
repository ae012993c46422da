/** @jest-config-loader esbuild-register */
import { availableParallelism } from 'node:os';
import type { Config } from 'jest';

/** Decorators and their metadata, as users' compilers write them. */
const transform: Config['transform'] = {
  '^.+\\.[cm]?ts$': [
    '@swc/jest',
    {
      module: { type: 'commonjs', ignoreDynamic: true },
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
    },
  ],
};

const common = {
  testEnvironment: 'node',
  transform,
  setupFiles: ['reflect-metadata'],
} satisfies Config;

/** Needs brokers: one server of each RabbitMQ version is started for the whole run and removed after it. */
const onRabbitMQ = {
  ...common,
  globalSetup: '<rootDir>/test/support/rabbitmq/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/rabbitmq/global-teardown.ts',
} satisfies Config;

const config: Config = {
  testTimeout: 30_000,
  // Tests with brokers mostly wait, so that four files at a time keep two cores busy.
  maxWorkers: Math.max(4, availableParallelism() - 1),
  reporters: ['default', '<rootDir>/scripts/test-times.mjs'],
  // A process that has run hundreds of files holds on to what each has loaded; past this, a new one goes on.
  workerIdleMemoryLimit: '1GB',
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.test.ts'] },
    { ...common, displayName: 'types', testMatch: ['<rootDir>/test/types/**/*.test.ts'] },
    { ...onRabbitMQ, displayName: 'conformance', testMatch: ['<rootDir>/test/conformance/**/*.test.ts'] },
    { ...onRabbitMQ, displayName: 'integration', testMatch: ['<rootDir>/test/integration/**/*.test.ts'] },
    { ...onRabbitMQ, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.test.ts'] },
    { ...common, displayName: 'package', testMatch: ['<rootDir>/test/package/**/*.test.ts'] },
  ],
};

export default config;
