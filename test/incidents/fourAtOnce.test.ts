import { expect, test } from '@jest/globals';
import { correlate, freshState } from '../../src/incidents/correlator.js';
import type { ScriptedIncident } from '../../src/simulation/script.js';
import { contextOf } from './minutes.js';
import { firstMinute, playedRows, scriptedInputs } from './scriptedIncidents.js';

const at = firstMinute;
/** A storm, in the midst of which two networks take prefixes and a third leaks. */
const SCRIPT: ScriptedIncident[] = [
  { class: 'instability', startMinute: at, durationMinutes: 60, magnitude: 0.7 },
  { class: 'hijack', hijack: 'origin', startMinute: at + 10, durationMinutes: 30, magnitude: 0.3 },
  { class: 'hijack', hijack: 'more-specific', startMinute: at + 12, durationMinutes: 30, magnitude: 0.2 },
  { class: 'leak', startMinute: at + 15, durationMinutes: 30, magnitude: 0.6 },
];

test.each([1, 3])(
  'two hijacks, a leak and a storm at once are four incidents with four right names (seed %i)',
  (seed) => {
    const { rows, truth } = playedRows(seed, SCRIPT, at + 90);
    const { incidents } = correlate(freshState('rrc00'), scriptedInputs(rows, truth, 3), contextOf());
    const storm = incidents.filter(({ subject }) => subject === '');
    expect(storm.map(({ class: name }) => name)).toEqual(['instability']);
    const expected = truth
      .filter(({ class: name }) => name !== 'instability')
      .map(({ class: name, culprits, startMinute }) => [`AS${culprits[0]}`, name, startMinute]);
    const own = incidents.filter(({ subject }) => subject !== '');
    expect(own.map(({ subject, class: name }) => [subject, name]).sort()).toEqual(
      expected.map(([subject, name]) => [subject, name]).sort(),
    );
  },
);
