import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { periodically } from '../../src/services/periodic.js';
import { Rounds } from '../../src/services/rounds.js';

test('work that fails or does not end is counted under its name, said once, and over with a round that goes well', async () => {
  const rounds = new Rounds(() => new Date(0));
  const said: unknown[] = [];
  let state: 'fails' | 'hangs' | 'goes well' = 'fails';
  let under = 0;
  let most = 0;
  let release = () => {};
  const end = periodically(
    {
      what: 'keeping house',
      milliseconds: 5,
      longest: 0,
      round: async () => {
        under += 1;
        most = Math.max(most, under);
        try {
          if (state === 'fails') throw new Error('no room');
          if (state === 'hangs') await new Promise<void>((done) => (release = done));
        } finally {
          under -= 1;
        }
      },
    },
    { rounds, logger: { warn: (...words: unknown[]) => void said.push(words) } },
  );
  const until = async (failures: number, error: string) => {
    for (let tries = 0; tries < 2_000; tries += 1) {
      const [failing] = rounds.failing();
      if (
        failures === 0 ? failing === undefined : (failing?.failures ?? 0) >= failures && failing!.error.includes(error)
      )
        return failing ?? null;
      await sleep(5);
    }
    throw new Error(`waited in vain: ${JSON.stringify(rounds.failing())}`);
  };
  expect(await until(3, 'no room')).toMatchObject({ what: 'keeping house', since: '1970-01-01T00:00:00.000Z' });
  expect(said).toEqual([[{ error: 'no room' }, 'keeping house failed, and is tried again']]);
  state = 'hangs';
  await until(3, 'has not ended for');
  expect(most).toBe(1);
  state = 'goes well';
  release();
  expect(await until(0, '')).toBeNull();
  end();
});
