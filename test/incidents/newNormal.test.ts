import { describe, expect, test } from '@jest/globals';
import type { Ranked } from '../../src/features/row.js';
import type { Adaptation } from '../../src/incidents/adaptation.js';
import { incidentAlert } from '../../src/incidents/alerts/incidentAlert.js';
import { endingWords } from '../../src/incidents/ending.js';
import type { Incident } from '../../src/incidents/incident.js';
import type { MinuteInput } from '../../src/incidents/minuteInput.js';
import { contextOf, correlated, loudMinute, quietMinute, story } from './minutes.js';

const START = 1100;
const FEED = quietMinute(START).evidence!.peers;

/** Minutes of another level from 1100 on, which models flag. */
function changed(minutes: number, updates: number, change: { peers?: Ranked[]; flapping?: boolean } = {}) {
  return Array.from({ length: minutes }, (_, at): MinuteInput => {
    const loud = loudMinute(START + at, { peers: change.peers ?? FEED });
    const values = Array.from(loud.values);
    // ordinary minutes have 88 updates
    values[2] = updates + (at % 7);
    values[3] = 8;
    const evidence = { ...loud.evidence! };
    if (change.flapping && at % 5 === 0)
      evidence.withdrawn = Array.from({ length: 12 }, (_unused, i) => {
        return { prefix: `198.51.${i}.0/24`, peers: 5, peersBefore: 6, origin: 64_500 + i };
      });
    return { ...loud, values, evidence };
  });
}

const onlyOf = (minutes: MinuteInput[], context = contextOf()): Incident => {
  const { incidents } = correlated(story(100 + minutes.length, minutes), context);
  expect(incidents).toHaveLength(1);
  return incidents[0]!;
};
const wordsOf = ({ reasons }: Incident) => reasons.map(({ words }) => words);

describe('change or incident', () => {
  test('peers that come explain the change within minutes, and make it minor', () => {
    const peers = [...FEED, { name: '203.0.113.7', count: 120 }, { name: '203.0.113.8', count: 90 }];
    const { incidents, changes } = correlated(story(120, changed(20, 300, { peers })));
    const [incident] = incidents;
    expect(wordsOf(incident!)[0]).toBe('looks like a new normal: 20 min, level 3.5 times, from 2 new peers');
    expect(wordsOf(incident!)[1]).toContain('2 peers not heard before carry 78 % of the messages');
    expect(incident!.severity).toBe('minor');
    const told = changes.find(({ incident: then }) => then.detail.newNormal !== undefined)!;
    expect(told.minute).toBeLessThanOrEqual(START + 10);
    const { title, facts } = incidentAlert({ ...told, incident: incident! });
    expect(title).toContain('looks like a new normal: 20 min, level 3.5 times, from 2 new peers');
    expect(facts).toMatchObject({ newNormal: true });
  });

  test('peers that came half an hour before a model flagged it still explain the change', () => {
    const peers = [...FEED, { name: '203.0.113.7', count: 120 }, { name: '203.0.113.8', count: 90 }];
    const minutes = changed(60, 300, { peers });
    const early = minutes.slice(0, 25).map((input) => ({ ...input, anomalous: false }));
    const incident = onlyOf([...early, ...minutes.slice(25)]);
    expect(incident.startedAt).toBe(START + 25);
    expect(wordsOf(incident)[0]).toContain('from 2 new peers');
  });

  test('peers that go explain the change, too', () => {
    const incident = onlyOf(changed(30, 30, { peers: FEED.slice(0, 2) }));
    expect(wordsOf(incident)[0]).toBe('looks like a new normal: 30 min, level 0.47 times, 4 peers went');
  });

  test('a session that repeats a table it had explains nothing', () => {
    const peer = '203.0.113.7';
    const minutes = changed(20, 300, { peers: [...FEED, { name: peer, count: 200 }] });
    minutes[0]!.evidence!.resets = [{ peer, peerAs: 64_301, state: 'up', routes: 5000 }];
    minutes[1]!.evidence!.reannouncing = [{ peer, peerAs: 64_301, routes: 4000, of: 5000 }];
    expect(onlyOf(minutes).detail.newNormal).toBeUndefined();
  });

  test('without peers a level must hold for six hours, and both sides are listed', () => {
    expect(onlyOf(changed(350, 300)).detail.newNormal).toBeUndefined();
    const words = wordsOf(onlyOf(changed(365, 300)));
    expect(words[0]).toBe('looks like a new normal: 6 h, level 3.5 times');
    expect(words).toContain(
      'for a new normal: the level of each of 6 hours lies between 3.5 and 3.5 times the ordinary',
    );
    expect(words).toContain('against it: the same 6 peers as before feed the stream: none came or went');
  });

  test('prefixes that come and go speak for a storm', () => {
    expect(onlyOf(changed(365, 300, { flapping: true })).detail.newNormal).toBeUndefined();
  });

  test('a burst that dies away is none', () => {
    const burst = changed(400, 300).map((input, at) => {
      const values = Array.from(input.values);
      values[2] = at < 60 ? 900 : 90;
      return { ...input, values };
    });
    expect(onlyOf(burst).detail.newNormal).toBeUndefined();
  });
});

describe('the end of a new normal', () => {
  const adaptation = (kind: string, minute: number, since = START): Adaptation => {
    return { kind, minute, model: `${kind}@rrc00`, version: 2, since, report: 17 };
  };

  test('comes with versions of every kind that flagged it, which it names', () => {
    const minutes = changed(500, 300);
    const context = { ...contextOf(), adaptations: [adaptation('heuristic', START + 400)] };
    const { incidents } = correlated(story(700, minutes), context);
    expect(incidents[0]).toMatchObject({ endedAt: START + 400, detail: { closedBy: 'new normal' } });
    expect(incidents[0]!.detail.adaptations).toEqual(context.adaptations);
    expect(wordsOf(incidents[0]!)[0]).toBe(
      'is the new normal: heuristic@rrc00 version 2 trained on it serves, asked for by drift report 17',
    );
    const { class: name, endedAt } = incidents[0]!;
    expect(endingWords({ class: name, endedAt, closedBy: 'new normal' })).toMatch(/^It is the new normal/);
    const closed = incidentAlert({ type: 'closed', minute: START + 400, incident: incidents[0]! });
    expect(closed.title).toBe('unusual routing on rrc00 is the new normal');
    expect(closed).toMatchObject({ severity: incidents[0]!.severity, facts: { ending: 'resolved', newNormal: true } });
    // what is flagged after it is another incident
    expect(incidents[1]).toMatchObject({ startedAt: START + 400 });
  });

  test('does not come while a kind that flagged it has no such version, nor from one of an older change', () => {
    const context = (adaptations: Adaptation[]) => ({ ...contextOf(), adaptations });
    expect(onlyOf(changed(500, 300), context([adaptation('lstm', START + 400)])).detail.closedBy).toBeUndefined();
    const old = adaptation('heuristic', START + 30, START - 900);
    expect(onlyOf(changed(500, 300), context([old])).detail.closedBy).toBeUndefined();
  });

  test('comes after a day at the latest, and the same level opens no other; a departure from it does', () => {
    const day = 24 * 60;
    const minutes = changed(2 * day, 300);
    const event = minutes.slice(day + 300, day + 330);
    for (const input of event) (input.values as number[])[2] = 900;
    const { incidents, changes } = correlated(story(2 * day + 200, minutes));
    expect(incidents.map(({ startedAt }) => startedAt)).toEqual([START, event[2]!.minute]);
    expect(incidents[0]).toMatchObject({ endedAt: START + day, detail: { closedBy: 'length' } });
    expect(changes.filter(({ type }) => type === 'opened')).toHaveLength(2);
  });

  test('a calm hour ends what was accepted', () => {
    const day = 24 * 60;
    const minutes = changed(day + 10, 300);
    const again = Array.from({ length: 20 }, (_, at) => ({ ...minutes[0]!, minute: START + day + 100 + at }));
    const { incidents } = correlated(story(day + 300, [...minutes, ...again]));
    expect(incidents.map(({ startedAt }) => startedAt)).toEqual([START, START + day + 100]);
  });
});
