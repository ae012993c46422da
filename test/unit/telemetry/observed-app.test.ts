import { createTaskApp } from '../../../src';

it('answers a telemetry that asks while the app is being made', async () => {
  let answers: unknown;
  await createTaskApp({
    url: 'memory:',
    logger: false,
    telemetry: {
      observe: ({ address, slots }) => {
        answers = { address: address(), slots: slots() };
        return { tracer: undefined, pages: [], stop: () => undefined };
      },
    },
  });
  expect(answers).toEqual({ address: expect.stringMatching(/^memory:/), slots: [] });
});
