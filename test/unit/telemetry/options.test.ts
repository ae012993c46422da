import { createTaskApp } from '../../../src';
import { metricProducer, telemetry } from '../../../src/telemetry';
import { loadPeer } from '../../../src/telemetry/load-peer';
import type { TelemetryOptions } from '../../../src/telemetry/options';

it('refuses what it does not know, and to do nothing', () => {
  expect(() => telemetry({ trace: true } as TelemetryOptions)).toThrow('did you mean "traces"?');
  expect(() => telemetry({ traces: 'yes' } as unknown as TelemetryOptions)).toThrow(
    'telemetry: traces must be true or false, got "yes"',
  );
  expect(() => telemetry({ metrics: { collect: () => undefined } } as never)).toThrow(
    'telemetry: metrics must be true, false or what metricProducer() gives, got an object',
  );
  expect(() => telemetry({})).toThrow('telemetry: nothing is turned on');
});

it('knows two temporalities', () => {
  expect(() => metricProducer({ temporality: 'deltas' as 'delta' })).toThrow(
    `metricProducer: temporality must be one of 'cumulative', 'delta', got "deltas"`,
  );
  expect(() => metricProducer({ temporalty: 'delta' } as never)).toThrow('did you mean "temporality"?');
});

it('says what to install where a package is missing', () => {
  const load = (): never => {
    throw Object.assign(new Error("Cannot find module '@opentelemetry/api'"), { code: 'MODULE_NOT_FOUND' });
  };
  expect(() => loadPeer('@opentelemetry/api', 'traces', load)).toThrow(
    'telemetry: "traces" needs @opentelemetry/api, which is not installed: npm install @opentelemetry/api',
  );
});

it('does not hide that a package is broken', () => {
  const load = (): never => {
    throw new SyntaxError('broken');
  };
  expect(() => loadPeer('@opentelemetry/api', 'traces', load)).toThrow(SyntaxError);
});

it('is the only telemetry that an app takes', async () => {
  await expect(createTaskApp({ url: 'memory:', telemetry: { traces: true } as never })).rejects.toThrow(
    'telemetry must be what telemetry() of warren/telemetry gives, got an object',
  );
});
