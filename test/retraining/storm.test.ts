import { expect, test } from '@jest/globals';
import { retrainingSettings } from '../../src/retraining/settings.js';
import { admit, jitter } from '../../src/retraining/storm.js';
import { START } from '../drift/seededStream.js';

const LIVE = START + 2 * 1440;
const settings = retrainingSettings.parse({});

test('drift asks for nothing while a version shadows; a person does', () => {
  const state = { now: LIVE, lastFinished: null, dead: false, shadow: 4 };
  const payload = (trigger: object) => ({ modelKey: 'lstm@rrc00', trigger }) as Parameters<typeof admit>[0];
  expect(admit(payload({ kind: 'drift', reportId: 1 }), state, settings)).toMatchObject({ admit: false });
  expect(admit(payload({ kind: 'manual', actor: 'ada' }), state, settings)).toMatchObject({ admit: true });
});

test('what drifts in the same hour is spread over the jitter, the same each time; what a person asks for is not', () => {
  const delays = Array.from({ length: 300 }, (_, i) => jitter(`lstm@s${i}`, LIVE, 60_000));
  expect(delays).toEqual(Array.from({ length: 300 }, (_, i) => jitter(`lstm@s${i}`, LIVE, 60_000)));
  for (let tenth = 0; tenth < 10; tenth++) {
    const within = delays.filter((delay) => Math.floor(delay / 6_000) === tenth).length;
    expect(within).toBeGreaterThan(12);
    expect(within).toBeLessThan(52);
  }
  expect(jitter('lstm@s0', LIVE + 60, 60_000)).not.toBe(delays[0]);
  const state = { now: LIVE, lastFinished: null, dead: false, shadow: null };
  const byHand = admit({ modelKey: 'lstm@s0', trigger: { kind: 'manual', actor: 'ada' } }, state, settings);
  expect(byHand).toMatchObject({ admit: true, delayMilliseconds: 0 });
});

test('a first version that was refused is trained again an hour of new minutes later, not at each look', () => {
  const first = { modelKey: 'lstm@rrc00', trigger: { kind: 'first' as const } } satisfies Parameters<typeof admit>[0];
  const at = (now: number) => admit(first, { now, lastFinished: LIVE, dead: false, shadow: null }, settings);
  expect(at(LIVE)).toEqual({
    admit: false,
    reason: 'its first version was refused: trained again in 60 minutes',
  });
  expect(at(LIVE + 59)).toMatchObject({ admit: false });
  expect(at(LIVE + 60)).toMatchObject({ admit: true, delayMilliseconds: 0 });
  const never = admit(first, { now: LIVE, lastFinished: null, dead: false, shadow: null }, settings);
  expect(never).toMatchObject({ admit: true });
});
