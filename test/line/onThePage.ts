import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import type { Browser, Page } from 'playwright-core';
import { keepPicture, openChromium, whyNoChromium } from '../support/chromium.js';
import { type RunningSystem, STREAM } from '../support/runningSystem.js';

export const HIJACK = { startMinute: 25, durationMinutes: 20 };

const missing = whyNoChromium();
const suite = missing === null ? describe : describe.skip;

/** @param started a system that has learnt nothing yet; the hijack is in its feed. It goes on with no version pinned. */
export function describeOnThePage(started: () => RunningSystem): void {
  suite(`the running system, seen and steered in Chromium${missing === null ? '' : ` (${missing})`}`, () => {
    let running: RunningSystem;
    let pool: Pool;
    let browser: Browser;
    let page: Page;
    let url: string;

    /** Retrains of the isolation forest so far. */
    const runs = async (): Promise<number> =>
      (await pool.query(`SELECT DISTINCT run FROM retrain_runs WHERE model_key = 'isolation_forest@${STREAM}'`)).rows
        .length;

    /** Its newest version. */
    const newest = async (): Promise<{ version: number; state: string }> =>
      (
        await pool.query<{ version: number; state: string }>(
          `SELECT version, state FROM model_versions WHERE model_key = 'isolation_forest@${STREAM}' ORDER BY version DESC LIMIT 1`,
        )
      ).rows[0]!;
    /** The version that serves after the retraining. */
    let active = 1;

    beforeAll(async () => {
      running = started();
      ({ pool, url } = running);
      browser = await openChromium();
      page = await browser.newPage({ viewport: { width: 1360, height: 900 } });
      await running.pipeline.until('the page', 60, () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
      await page.goto(url);
      await page.getByRole('heading', { name: 'Still learning' }).waitFor({ timeout: 20_000 });
      await running.learn();
      await running.play(10);
    }, 240_000);
    afterAll(async () => {
      await browser?.close();
    }, 60_000);

    test('learns, judges, and shows a hijack while it happens, on one page that is never loaded again', async () => {
      await page.getByRole('heading', { name: /Routing is ordinary/ }).waitFor();
      await page.evaluate('window.loadedOnce = true');
      await running.play(HIJACK.startMinute - 10 + 6);
      const incident = page.locator('.incidents a').first();
      await incident.getByText('Prefix hijack').waitFor({ timeout: 10_000 });
      await page.getByRole('heading', { name: /Routing is anomalous|An incident is still open/ }).waitFor();
      await keepPicture(page, 'system-hijack-live');
      expect(await page.evaluate('window.loadedOnce')).toBe(true);
      await incident.click();
      await page.getByRole('heading', { name: 'Why this alarm' }).waitFor();
      await page.locator('svg.paths path.edge.new').first().waitFor();
      await keepPicture(page, 'system-incident');
      // Routes alone opened it: it stands for an hour without news (incidents.standingMinutes).
      await running.play(HIJACK.durationMinutes + 75);
      await page.locator('.lead .badge', { hasText: 'over' }).waitFor({ timeout: 10_000 });
    }, 90_000);

    test('is retrained from the page with confirmation and progress; the new version serves', async () => {
      await page.goto(`${url}/models/${encodeURIComponent(`isolation_forest@${STREAM}`)}`);
      await page.getByText('version 1 active').waitFor();
      await page.getByRole('button', { name: 'Retrain now' }).click();
      const question = page.getByRole('dialog');
      await question.getByRole('button', { name: 'Leave it' }).click();
      await question.waitFor({ state: 'detached' });
      expect(await runs()).toBe(1);

      // A day of minutes is little: now and then a retraining draws a version that the gate rejects, as it should.
      for (let tried = 1; active === 1; tried++) {
        await page.getByRole('button', { name: 'Retrain now' }).click();
        const progress = page
          .locator('.progress')
          .getByText(/Retrain: \w+/)
          .waitFor();
        await question.getByRole('button', { name: 'Retrain now' }).click();
        await progress;
        await running.pipeline.until('the end of the retrain', 60, async () => (await newest()).version === tried + 1);
        expect(await runs()).toBe(tried + 1);
        const { version, state } = await newest();
        if (state === 'published') active = version;
        else expect([state, tried < 4]).toEqual(['rejected', true]);
        await page.getByRole('button', { name: 'Retrain now' }).waitFor();
        await page.getByText(`version ${active} active`).waitFor();
      }
      const from = running.next;
      await running.play(5);
      expect(await running.served(from)).toEqual([active]);
      await keepPicture(page, 'system-model');
    }, 120_000);

    test('cancels a retrain from the page, which leaves nothing but its history', async () => {
      const key = `lstm@${STREAM}`;
      await page.goto(`${url}/models/${encodeURIComponent(key)}`);
      await page.getByText('version 1 active').waitFor();
      await page.getByRole('button', { name: 'Retrain now' }).click();
      const question = page.getByRole('dialog');
      await question.getByRole('button', { name: 'Retrain now' }).click();
      await page
        .locator('.progress')
        .getByText(/Retrain: training/)
        .waitFor({ timeout: 30_000 });
      await page.getByRole('button', { name: 'Cancel the retrain' }).click();
      await question.getByText('Stop this retrain?').waitFor();
      await question.getByRole('button', { name: 'Stop it' }).click();
      await page.locator('.progress').waitFor({ state: 'detached', timeout: 20_000 });
      await page.getByRole('button', { name: 'Retrain now' }).waitFor();
      await page.getByText('cancelled').first().waitFor();
      await keepPicture(page, 'system-cancelled');
      const { rows } = await pool.query<{ state: string }>(
        `SELECT state FROM retrain_runs WHERE model_key = $1 ORDER BY id DESC LIMIT 1`,
        [key],
      );
      expect(rows).toEqual([{ state: 'cancelled' }]);
      const left = await pool.query(
        `SELECT (SELECT count(*)::int FROM model_versions WHERE model_key = $1) AS versions,
         (SELECT count(*)::int FROM leases WHERE model_key = $1 AND expires_at > now()) AS leases`,
        [key],
      );
      expect(left.rows).toEqual([{ versions: 1, leases: 0 }]);
      const audit = await pool.query(`SELECT 1 FROM audit WHERE action = 'cancel'`);
      expect(audit.rows).toHaveLength(1);
    }, 90_000);

    test('takes a retrain job by hand at /queues, whose payload is filled in', async () => {
      await page.goto(`${url}/queues/queue/retrain`);
      await page.locator('main button[aria-haspopup=menu]').last().click();
      await page.getByRole('menuitem', { name: 'Add job' }).click();
      const form = page.getByRole('dialog');
      await form.getByText(`"lstm@${STREAM}"`).waitFor();
      await keepPicture(page, 'system-add-job');
      await form.getByRole('button', { name: 'Add', exact: true }).click();
      await running.pipeline.until('the version of the job by hand', 90, async () => {
        const { rows } = await pool.query<{ version: number }>(
          `SELECT max(version) AS version FROM model_versions WHERE model_key = 'lstm@${STREAM}'`,
        );
        return rows[0]!.version === 2;
      });
      const { rows } = await pool.query<{ action: string }>(`SELECT action FROM audit WHERE action = 'jobs'`);
      expect(rows.length).toBeGreaterThan(0);
      await page.getByRole('link', { name: 'Routewarden overview' }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.goto(`${url}/models/${encodeURIComponent(`isolation_forest@${STREAM}`)}`);
      await page.getByText(`version ${active} active`).waitFor();
    }, 150_000);

    test('is rolled back and pinned from the page, and both leave a row in the audit log', async () => {
      await page.getByRole('button', { name: 'Activate version 1' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Activate version 1' }).click();
      await page.getByText('version 1 active').waitFor();
      const from = running.next;
      await running.play(5);
      expect(await running.served(from)).toEqual([1]);
      await page.getByRole('button', { name: 'Pin version 1' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Pin' }).click();
      await page.locator('.lead .badge', { hasText: 'pinned' }).waitFor();
      await page.getByRole('button', { name: 'Unpin version 1' }).waitFor();
      await page.getByRole('link', { name: 'Audit' }).click();
      for (const action of ['retrain', 'rollback', 'pin']) {
        await page.getByRole('cell', { name: action, exact: true }).first().waitFor();
      }
    }, 60_000);

    test('says that what it shows is old when the server is killed, and goes on by itself when it is back', async () => {
      await page.goto(url);
      await page.getByRole('heading', { name: 'Services' }).waitFor();
      const feedTime = page.locator('.feed dd').nth(1);
      const shown = (await feedTime.textContent())!;
      process.kill(running.system.supervisor.pidOf('dashboard')!, 'SIGKILL');
      await page.getByText('Not up to date.').waitFor({ timeout: 15_000 });
      await page.getByRole('heading', { name: 'The verdict is not known' }).waitFor();
      await keepPicture(page, 'system-server-away');
      expect(await feedTime.textContent()).toBe(shown);
      await page.getByText('Not up to date.').waitFor({ state: 'detached', timeout: 20_000 });
      await page.getByRole('heading', { name: /Routing is|still open/ }).waitFor();
      await running.play(3);
      await feedTime.filter({ hasNotText: shown }).waitFor({ timeout: 10_000 });
    }, 60_000);

    test('a version that is unpinned on the page may be replaced again', async () => {
      await page.goto(`${url}/models/${encodeURIComponent(`isolation_forest@${STREAM}`)}`);
      await page.getByRole('button', { name: 'Unpin version 1' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Unpin' }).click();
      await page.getByRole('button', { name: 'Pin version 1' }).waitFor();
      await page.locator('.lead .badge', { hasText: 'pinned' }).waitFor({ state: 'detached' });
    }, 60_000);
  });
}
