import { expect, test } from '@jest/globals';
import { startDashboards } from '../../dashboard/dashboard.js';
import { addIncident, NOW, STREAM } from '../../dashboard/seed.js';
import { accessibilityFaults, keepPicture } from '../../support/chromium.js';
import { heading, type Visitor } from '../visitor.js';

const MINUTE = 60_000;

/** The first page: what it says of now, and of thirty days. */
export function describeOverview(at: Visitor): void {
  test('an incident appears by itself, without a reload', async () => {
    await at.visit(at.open, async (page) => {
      await heading(page, 'Routing is ordinary');
      await page.evaluate('window.loadedOnce = true');
      const words = 'AS64999 announces 192.0.2.0/24, which AS64501 alone announced until then';
      await addIncident(at.dashboards.database.pool, {
        from: NOW - 4 * MINUTE,
        until: null,
        class: 'hijack',
        severity: 'critical',
        words,
      });
      await page.locator('.incidents').getByText(words).waitFor({ timeout: 5_000 });
      await heading(page, 'An incident is still open');
      await page
        .locator('.needs')
        .getByText(/critical Prefix hijack since .*AS64999 announces/)
        .waitFor();
      expect(await page.evaluate('window.loadedOnce')).toBe(true);
      await at.dashboards.database.pool.query(`UPDATE incidents SET ended_at = $1 WHERE ended_at IS NULL`, [
        new Date(NOW - MINUTE),
      ]);
      await heading(page, 'Routing is ordinary');
    });
  });

  test('new neighbours are to be looked at with their age, need nobody, and leave once acknowledged', async () => {
    const { pool } = at.dashboards.database;
    const watched = [{ kind: 'new neighbour', watched: 'AS64500', origin: 64999, words: 'x' }];
    const id = await addIncident(pool, {
      from: NOW - 58 * MINUTE,
      until: null,
      class: 'unknown',
      severity: 'minor',
      subject: 'AS64500 new neighbours',
      words: 'AS64999 is a new neighbour of your AS64500',
      detail: { watched },
    });
    await at.visit(at.open, async (page) => {
      const looks = page.locator('.looks');
      await looks.getByText(/New neighbours of AS64500 since .*, for 58 min: AS64999 is a new neighbour/).waitFor();
      expect(await page.locator('.needs').count()).toBe(0);
      await keepPicture(page, 'overview-looks');
      expect(await accessibilityFaults(page)).toEqual([]);
      await looks.getByRole('link', { name: 'New neighbours of AS64500' }).click();
      await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
      await page.getByText('Acknowledged by local operator.').waitFor();
      await page.getByRole('link', { name: 'Overview' }).click();
      await heading(page, 'An incident is still open');
      await looks.waitFor({ state: 'detached' });
    });
    await pool.query('DELETE FROM incidents WHERE id = $1', [id]);
  });

  test('a silent feed, or verdicts that stay behind it, never look like calm routing', async () => {
    const live = await at.dashboards.open({ live: true });
    await at.visit(live.url, async (page) => {
      await heading(page, 'The verdict is not known');
      await page.getByText('The feed has fallen silent').waitFor();
      await keepPicture(page, 'overview-silent');
      expect(await accessibilityFaults(page)).toEqual([]);
    });
    await at.visit(at.open, async (page) => {
      await heading(page, 'Routing is ordinary');
      const { pool } = at.dashboards.database;
      const newest = [STREAM, new Date(NOW - 20 * MINUTE)];
      await pool.query('CREATE TABLE kept AS TABLE verdicts');
      await pool.query('DELETE FROM verdicts WHERE stream = $1 AND minute >= $2', newest);
      await heading(page, 'The verdict is not known');
      await page.getByText(/the verdicts are 2\d min behind it/).waitFor();
      await pool.query('INSERT INTO verdicts SELECT * FROM kept WHERE stream = $1 AND minute >= $2', newest);
      await heading(page, 'Routing is ordinary');
    });
  });

  test('the span and the zoom of the charts stand in the address, and come from it', async () => {
    await at.visit(`${at.open}/?hours=72`, async (page) => {
      await page.locator('button[aria-pressed=true]', { hasText: '3 d' }).waitFor();
      const chart = page.locator('.scores figure.first .u-over');
      const box = (await chart.boundingBox())!;
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width * 0.25, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.75, y, { steps: 5 });
      await page.mouse.up();
      await page.waitForURL(/hours=72&from=[^&]+Z&until=[^&]+Z$/);
      const kept = new URL(page.url()).searchParams;
      const part = Date.parse(kept.get('until')!) - Date.parse(kept.get('from')!);
      expect(Math.abs(part - 36 * 60 * MINUTE)).toBeLessThan(60 * MINUTE);
      await page.reload();
      await chart.waitFor();
      expect(new URL(page.url()).searchParams.get('from')).toBe(kept.get('from'));
      await chart.dblclick();
      await page.waitForURL(/\?hours=72$/);
      await page.getByRole('button', { name: '24 h' }).click();
      await page.waitForURL(`${at.open}/`);
    });
  });

  test('thirty days are drawn, joined into few points by the server', async () => {
    await at.visit(at.open, async (page) => {
      await heading(page, 'Routing is ordinary');
      const answered = page.waitForResponse((response) => response.url().includes('hours=720'));
      await page.getByRole('button', { name: '30 d' }).click();
      const response = await answered;
      const series = (await response.json()) as { times: number[]; curves: { high: (number | null)[] }[] };
      expect(series.times.length).toBeLessThanOrEqual(721);
      expect(series.times.length).toBeGreaterThan(300);
      await page.getByText(/Each point holds/).waitFor();
      // Drawn: the line's pixels stand on the canvas from its left end to its right.
      const canvas = page.locator('.scores figure.first canvas');
      const thirds = await canvas.evaluate((element) => {
        const picture = element as unknown as {
          width: number;
          height: number;
          getContext(kind: '2d'): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8Array } };
        };
        const { width, height } = picture;
        const context = picture.getContext('2d');
        return [0.15, 0.5, 0.85].map((place) => {
          const { data } = context.getImageData(Math.round(width * place), 0, Math.round(width * 0.1), height);
          return data.filter((value, index) => index % 4 === 3 && value > 200).length;
        });
      });
      for (const pixels of thirds) expect(pixels).toBeGreaterThan(50);
      await keepPicture(page, 'overview-30-days');
    });
  });

  test('paints at once (the time is printed, and decides nothing)', async () => {
    await at.firstVisit(at.open, async (page) => {
      await heading(page, 'Routing is ordinary');
      const painted = await page.evaluate<number>(
        `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1`,
      );
      console.info(`first paint after ${Math.round(painted)} ms (goal: under 1,000 ms on loopback)`);
      expect(painted).toBeGreaterThan(0);
    });
  });

  test('says what to do while there is no feed, no baseline and no service', async () => {
    const empty = await startDashboards();
    try {
      const { url } = await empty.open({ live: true });
      await at.visit(url, async (page) => {
        await page.getByRole('heading', { name: 'No feed yet' }).waitFor();
        await page.getByText('routewarden start', { exact: true }).first().waitFor();
        await keepPicture(page, 'overview-empty');
        await empty.database.pool.query(`INSERT INTO streams (name, source) VALUES ('rrc00', '{"kind": "ris-live"}')`);
        await page.getByRole('heading', { name: 'Still learning' }).waitFor();
        await page.getByText(/0 s of 7 d collected. Models are trained when the window is whole, in 7 d/).waitFor();
        await page.getByText('routewarden backfill').first().waitFor();
        await page.getByText('No minute was scored in this time').waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
      });
    } finally {
      await empty.stop();
    }
  });
}
