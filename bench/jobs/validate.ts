import 'reflect-metadata';
import { plainToInstance, Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested, validateSync } from 'class-validator';
import { compileClassPayload } from '../../src/message/payload/class-payload';
import type { ClassType } from '../../src/task/class-type';
import { ValidatedPayload } from '../contenders/warren-contender';
import { makePayloads } from '../payload';
import type { Figures } from '../results/sample';
import { SETTINGS } from '../settings';
import type { ValidateJob } from './job';
import { startStopwatch, throughput } from './stopwatch';

class Line {
  @IsString() readonly article!: string;
  @IsInt() readonly amount!: number;
}

class NestedPayload {
  @IsString() readonly id!: string;
  @ValidateNested() @Type(() => Line) readonly lines!: readonly Line[];
}

const NESTED = { id: '4711', lines: ['a', 'b', 'c'].map((article, amount) => ({ article, amount })) };

/** Objects as `JSON.parse` gives them, made into instances and validated. */
export function measureValidation({ payload, by, messages, warmUp }: ValidateJob): Figures {
  const [type, values] =
    payload === 'flat'
      ? [ValidatedPayload, makePayloads(SETTINGS.batch, SETTINGS.payloadBytes)]
      : [NestedPayload, [NESTED]];
  const isValid = by === 'warren' ? checkOfWarren(type) : checkOfLibraries(type);
  const run = (count: number): void => {
    for (let index = 0; index < count; index++) {
      if (!isValid(values[index % values.length])) throw new Error('a valid payload was refused');
    }
  };
  run(warmUp);
  const read = startStopwatch();
  run(messages);
  return throughput(read(), messages);
}

function checkOfWarren(type: ClassType): (value: unknown) => boolean {
  const { check } = compileClassPayload(type, { unknownKeys: 'drop' });
  return (value) => {
    const result = check(value);
    return !(result instanceof Promise) && result.ok;
  };
}

/** As the documentation of both shows it. */
function checkOfLibraries(type: new () => object): (value: unknown) => boolean {
  return (value) => validateSync(plainToInstance(type, value)).length === 0;
}
