import { expect, test } from '@jest/globals';
import { askForApproval } from '../../../src/storage/approvals.js';
import { appendRetrainState } from '../../../src/storage/retrainRuns.js';
import { NOW, STREAM } from '../../dashboard/seed.js';
import { accessibilityFaults, keepPicture, overhang } from '../../support/chromium.js';
import { heading, MODEL, type Visitor } from '../visitor.js';

const MINUTE = 60_000;

/** Models: whether they fit, and what people decide of them. */
export function describeModels(at: Visitor): void {
  test('the list of models says in a word whether each fits, without statistics', async () => {
    await at.visit(`${at.open}/models`, async (page) => {
      await heading(page, 'Models');
      await page.getByText('fits', { exact: true }).first().waitFor();
      const text = await page.locator('.models').first().textContent();
      expect(text).toContain('Trained on data up to');
      expect(text).not.toMatch(/Last drift check|limit|likelier|beyond chance|odds|anomaly rate/);
    });
  });

  test('which two versions are compared stands in the address, and the back button takes a choice back', async () => {
    await at.visit(`${at.open}${MODEL}`, async (page) => {
      await page.getByRole('link', { name: 'Compare two' }).click();
      await heading(page, 'LSTM autoencoder: two versions');
      // The newest beside the one before it.
      await page.getByRole('columnheader', { name: 'Version 3' }).waitFor();
      await page.getByLabel('beside version').selectOption('1');
      await page.getByRole('columnheader', { name: 'Version 1' }).waitFor();
      expect(new URL(page.url()).search).toBe('?left=2&right=1');
      await page.goBack();
      await page.getByRole('columnheader', { name: 'Version 3' }).waitFor();
    });
  });

  test('a retraining that waits is listed, declined with a reason and approved on the page', async () => {
    const { pool } = at.dashboards.database;
    const ask = () =>
      askForApproval(pool, {
        modelKey: `lstm@${STREAM}`,
        payload: { modelKey: `lstm@${STREAM}`, trigger: { kind: 'drift', reportId: 1 } },
        reason: 'a lasting change: mean score 0.31 -> 0.52',
        hours: 24,
        onExpiry: 'decline',
        watermark: NOW / MINUTE,
        actor: 'drift monitor',
      });
    await ask();
    await at.visit(`${at.open}/models`, async (page) => {
      await page.locator('.models .badge', { hasText: 'retraining asked for' }).waitFor();
    });
    await at.visit(at.open + MODEL, async (page) => {
      await page.getByText('a lasting change: mean score 0.31 -> 0.52', { exact: false }).first().waitFor();
      await page.getByText(/it is declined\. The drift report is below/).waitFor();
      await keepPicture(page, 'model-approval');
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByRole('button', { name: 'Decline' }).click();
      const decline = page.getByRole('dialog').getByRole('button', { name: 'Decline' });
      expect(await decline.isDisabled()).toBe(true);
      await page.getByLabel('Reason').fill('maintenance until Friday');
      expect(await accessibilityFaults(page)).toEqual([]);
      await decline.click();
      await page.getByRole('heading', { name: 'Retraining asked for' }).waitFor({ state: 'detached' });
      await ask();
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
      await page.getByRole('heading', { name: 'Retraining asked for' }).waitFor({ state: 'detached' });
    });
    const { rows } = await pool.query('SELECT state, decided_by, decision_reason FROM approvals ORDER BY id');
    expect(rows).toMatchObject([
      { state: 'declined', decided_by: 'local operator', decision_reason: 'maintenance until Friday' },
      { state: 'approved', decided_by: 'local operator' },
    ]);
  });

  test('a model that only a person can help has a card with both versions and three ways out', async () => {
    const { pool } = at.dashboards.database;
    const key = `lstm@${STREAM}`;
    const refuse = (run: string) =>
      appendRetrainState(pool, {
        run,
        modelKey: key,
        state: 'held',
        detail: { version: 3, watermark: NOW / MINUTE - 1, reasons: ['the lineage has spent its sensitivity budget'] },
      });
    const newest = [STREAM, new Date(NOW - 360 * MINUTE)];
    await pool.query('CREATE TABLE kept_scores AS TABLE scores');
    await pool.query(`UPDATE scores SET anomalous = true WHERE stream = $1 AND kind = 'lstm' AND minute >= $2`, newest);
    await pool.query(`UPDATE model_versions SET state = 'held' WHERE model_key = $1 AND version = 3`, [key]);
    // The seeded version is no model: what lies in its files, no one on this page reads.
    await pool.query(
      `INSERT INTO model_files SELECT id, 'model', '', '' FROM model_versions WHERE model_key = $1 AND version = 3`,
      [key],
    );
    await refuse('held once');
    const title = 'This model needs your decision';
    await at.visit(at.open + MODEL, async (page) => {
      const card = page.locator('section', { has: page.getByRole('heading', { name: title }) });
      await card.getByText(/was held: The lineage has spent its sensitivity budget/).waitFor();
      // Of version 2, which serves, and of version 3.
      for (const figures of [
        /Minutes flagged in validation 0.4 % 9.0 %/,
        /Injected anomalies found 97.5 % 97.5 %/,
        /Minutes flagged in the last six hours 100.0 % not serving/,
      ])
        await card.getByRole('row', { name: figures }).waitFor();
      for (const name of ['Accept version 3', 'Keep version 2', 'Retrain without these days'])
        await card.getByRole('button', { name }).waitFor();
      await keepPicture(page, 'model-stuck');
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await overhang(page)).toBe(0);
      // The one that was approved waits still, and trains on other days.
      const stopped = await page.request.post(`${at.open}/api/models/${encodeURIComponent(key)}/cancel`, {
        headers: { origin: at.open },
        data: {},
      });
      expect(stopped.status()).toBe(200);
      await card.getByRole('button', { name: 'Retrain without these days' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Retrain without these days' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await card.getByRole('button', { name: 'Keep version 2' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Keep version 2' }).click();
      await card.waitFor({ state: 'detached' });
      await refuse('held again');
      await card.getByRole('button', { name: 'Accept version 3' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Accept version 3' }).click();
      await page.locator('.badge', { hasText: 'version 3 active' }).waitFor();
      await card.waitFor({ state: 'detached' });
    });
    expect((await at.dashboards.queue.getJobs()).map((job) => job?.data)).toContainEqual(
      expect.objectContaining({ modelKey: key, window: { from: expect.any(Number), until: expect.any(Number) } }),
    );
    const { rows } = await pool.query(
      `SELECT actor, action, target FROM audit WHERE action IN ('keep version', 'accept') ORDER BY id`,
    );
    expect(rows).toEqual([
      { actor: 'local operator', action: 'keep version', target: `${key} 2` },
      { actor: 'local operator', action: 'accept', target: `${key} 3` },
    ]);
    // Version 2 serves again for the tests after this one.
    await pool.query(`DELETE FROM activations WHERE id = (SELECT max(id) FROM activations WHERE model_key = $1)`, [
      key,
    ]);
    await pool.query(`UPDATE model_versions SET state = 'rejected', lineage = 1 WHERE model_key = $1 AND version = 3`, [
      key,
    ]);
    await pool.query('TRUNCATE scores');
    await pool.query('INSERT INTO scores SELECT * FROM kept_scores');
  });

  test('a version that has seen little of a new normal says that it is provisional', async () => {
    const { pool } = at.dashboards.database;
    const until = NOW / MINUTE;
    const setRegime = (regime: object | null) =>
      pool.query(
        `UPDATE model_versions SET metrics = jsonb_set(metrics, '{regime}', $2::jsonb) WHERE model_key = $1 AND version = 2`,
        [`lstm@${STREAM}`, JSON.stringify(regime)],
      );
    await setRegime({ since: until - 360, until });
    await at.visit(at.open + MODEL, async (page) => {
      await page.locator('.badge', { hasText: 'provisional' }).waitFor();
      await page.getByText(/it has seen 6 h of the new normal/).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
    });
    await setRegime({ since: until - 7 * 1440, until });
    await at.visit(at.open + MODEL, async (page) => {
      await page.locator('.badge', { hasText: 'version 2 active' }).waitFor();
      expect(await page.locator('.badge', { hasText: 'provisional' }).count()).toBe(0);
    });
  });
}
