import type { AppHealth } from './app-health';

interface JsonAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** `/live`: 503 when only a restart helps. */
export const liveAnswer = (health: AppHealth): JsonAnswer => answer(health.live, health);

/** `/ready`: 503 while no work can be done. */
export const readyAnswer = (health: AppHealth): JsonAnswer => answer(health.ready, health);

const answer = (well: boolean, health: AppHealth): JsonAnswer => ({
  status: well ? 200 : 503,
  contentType: 'application/json; charset=utf-8',
  body: `${JSON.stringify(health)}\n`,
});
