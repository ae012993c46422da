import {
  describePayloadType,
  type PayloadOption,
  type PayloadType,
  payloadTypeOf,
} from '../../../src/task/payload-type';

class Invoice {
  id!: string;
}

it.each<[PayloadOption, PayloadType, string]>([
  [Invoice, { kind: 'class', type: Invoice }, 'Invoice'],
  [String, { kind: 'primitive', type: 'string' }, 'string'],
  [Number, { kind: 'primitive', type: 'number' }, 'number'],
  [Boolean, { kind: 'primitive', type: 'boolean' }, 'boolean'],
  ['none', { kind: 'none' }, 'none'],
  ['unchecked', { kind: 'unchecked' }, 'unchecked'],
])('%p names %p', (option, payload, words) => {
  expect(payloadTypeOf(option)).toEqual(payload);
  expect(Object.isFrozen(payloadTypeOf(option))).toBe(true);
  expect(describePayloadType(payload)).toBe(words);
});
