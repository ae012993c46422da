import { Exclude } from 'class-transformer';
import { IsDate, IsString, ValidateNested } from 'class-validator';
import { ConfigurationError } from '../../../src/errors/configuration-error';
import { compileClassPayload } from '../../../src/message/payload/class-payload';
import { copiesThatKnow } from '../../../src/message/payload/transformer-copies';

class User {
  @IsString() name!: string;
  @Exclude() password?: string;
}
const other = '/app/node_modules/old/node_modules/class-transformer/cjs/storage.js';
const stores = (...types: readonly unknown[]) => ({
  _typeMetadatas: new Map(types.map((type) => [type, new Map()])),
  _exposeMetadatas: new Map(),
  _excludeMetadatas: new Map(),
  _transformMetadatas: new Map(),
});

describe('another copy of class-transformer', () => {
  it('is found by its file, where it knows the class', () => {
    const loaded = {
      [other]: { exports: { defaultMetadataStorage: stores(User) } },
      '/app/node_modules/class-transformer/storage.js': { exports: { defaultMetadataStorage: stores() } },
      '/app/storage.js': { exports: { defaultMetadataStorage: stores(User) } },
      '/app/node_modules/other/class-transformer/cjs/storage.js': undefined,
    };
    expect(copiesThatKnow(User, loaded)).toEqual([other]);
  });

  it('is not what Warren reads itself, nor what has no metadata', () => {
    const own = require.resolve('class-transformer/cjs/storage');
    expect(copiesThatKnow(User, { [own]: { exports: { defaultMetadataStorage: stores(User) } } })).toEqual([]);
    expect(copiesThatKnow(User, { [other]: { exports: 5 } })).toEqual([]);
    expect(copiesThatKnow(User, { [other]: { exports: { defaultMetadataStorage: null } } })).toEqual([]);
  });

  it('is named as a possible cause where decorators seem to be missing', () => {
    class Twice {
      @ValidateNested() user!: User;
      @IsDate() at!: Date;
    }
    let problems: readonly string[] = [];
    try {
      compileClassPayload(Twice, { unknownKeys: 'drop' });
    } catch (error) {
      problems = (error as ConfigurationError).problems;
    }
    expect(problems).toHaveLength(2);
    for (const problem of problems) expect(problem).toMatch(/two copies of class-transformer.*npm ls.*npm dedupe/);
  });
});
