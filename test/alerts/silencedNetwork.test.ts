import { expect, test } from '@jest/globals';
import { type Silence, silences } from '../../src/incidents/alerts/silence.js';

const silence: Silence = {
  id: 1,
  stream: null,
  class: null,
  prefix: null,
  asNumber: 64_666,
  startsAt: new Date(0),
  endsAt: new Date(1),
  reason: 'test',
  actor: 'ada',
};

test.each([
  ['AS64666', true],
  ['AS64666 new origin', true],
  ['AS64666 new neighbours', true],
  ['AS64667 new origin', false],
])('a silence of a network holds for what is called "%s": %s', (subject, holds) => {
  expect(silences(silence, { body: { title: '', lines: [], facts: { subject } } } as never)).toBe(holds);
});
