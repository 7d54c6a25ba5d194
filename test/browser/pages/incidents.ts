import { expect, test } from '@jest/globals';
import { accessibilityFaults, keepPicture } from '../../support/chromium.js';
import type { Visitor } from '../visitor.js';

/** Incidents: who looks after them, what is said of them, and which are shown. */
export function describeIncidents(at: Visitor): void {
  test('an incident names its network, and the page what was raised a day', async () => {
    await at.visit(`${at.open}/incidents`, async (page) => {
      await page.getByRole('row', { name: /critical Prefix hijack AS64666 203\.0\.113\.0\/24/ }).waitFor();
      await page.getByText(/you want at most 6 a day/).waitFor();
      await page.getByRole('row', { name: /^Prefix hijack \d \(0\.\d/ }).waitFor();
    });
  });

  test('the path picture follows its slider', async () => {
    await at.visit(`${at.open}/incidents/1`, async (page) => {
      const edges = page.locator('svg.paths path.edge.new');
      const slider = page.getByRole('slider');
      await slider.waitFor();
      await slider.press('End');
      const atTheEnd = await edges.count();
      expect(atTheEnd).toBeGreaterThan(0);
      await slider.focus();
      await slider.press('Home');
      await page.getByText('Before the incident').waitFor();
      expect(await edges.count()).toBe(0);
      await slider.press('End');
      expect(await edges.count()).toBe(atTheEnd);
    });
  });

  test('what an operator says about an incident stays', async () => {
    await at.visit(`${at.open}/incidents/2`, async (page) => {
      await page.getByRole('button', { name: 'Acknowledge' }).click();
      await page.getByText('Acknowledged by local operator.').waitFor();
      await page.getByRole('button', { name: 'Add a note' }).click();
      await page.getByLabel('Note').fill('Announced maintenance of the peer.');
      await page.getByRole('button', { name: 'Save note' }).click();
      await page.getByText('Announced maintenance of the peer.').waitFor();
      await page.getByRole('button', { name: 'This was ordinary' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'This was ordinary' }).click();
      await page.getByRole('button', { name: 'It was an incident' }).waitFor();
      await page.reload();
      await page.getByText('Announced maintenance of the peer.').waitFor();
      await page.locator('.badge', { hasText: 'ordinary' }).waitFor();
    });
  });

  test('an incident is assigned and talked about on its page', async () => {
    await at.visit(`${at.open}/incidents/1`, async (page) => {
      await page.getByRole('button', { name: 'Assign' }).click();
      await page.getByLabel('Who looks after it').fill('Grace');
      await page.locator('form').getByRole('button', { name: 'Assign' }).click();
      await page.getByText('Assigned to Grace.').waitFor();
      await page.getByLabel('New comment').fill('AS64500 was called: they withdraw by 13:00.\nTicket 4711');
      await page.getByRole('button', { name: 'Comment' }).click();
      await page.getByText('Ticket 4711').waitFor();
      expect(await page.getByLabel('New comment').inputValue()).toBe('');
      await keepPicture(page, 'thread');
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.goto(`${at.open}/incidents`);
      await page.getByText('Grace').waitFor();
    });
  });

  test('filters and order stand in the address, and come from it', async () => {
    await at.visit(`${at.open}/incidents`, async (page) => {
      const lines = page.locator('.incident-table tbody tr');
      await lines.first().waitFor();
      const all = await lines.count();
      expect(all).toBeGreaterThan(1);
      await page.getByLabel('What').selectOption('session reset');
      await page.waitForURL('**/incidents?class=session+reset');
      await lines.nth(1).waitFor({ state: 'detached' });
      expect(await lines.count()).toBe(1);
      await page.getByLabel('AS', { exact: true }).fill('AS64999999999');
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.getByRole('alert').getByText(/^as: /).waitFor();
      await page.getByRole('link', { name: 'Clear' }).click();
      await page.waitForURL('**/incidents');
      await lines.nth(all - 1).waitFor();
      await page.getByRole('link', { name: 'Severity' }).click();
      await page.waitForURL('**/incidents?sort=severity&order=down');
      await page.locator('th[aria-sort=descending]', { hasText: 'Severity' }).waitFor();
      const { download } = await page.evaluate<{ download: string }>(
        "fetch(document.querySelector('.exports a').href).then((answer) => answer.text()).then((download) => ({ download }))",
      );
      expect(download).toMatch(/^id,stream,started_at/);
      await page.goto(`${at.open}/incidents?severity=critical&as=64666&prefix=203.0.113.0/24`);
      await lines.first().waitFor();
      expect(await page.locator('select[name=severity]').inputValue()).toBe('critical');
      expect(await page.locator('input[name=prefix]').inputValue()).toBe('203.0.113.0/24');
    });
  });

  test('acknowledging is taken back, and a silence is made from an incident and ended', async () => {
    await at.visit(`${at.open}/incidents/1`, async (page) => {
      await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
      await page.getByText('Acknowledged by local operator.').waitFor();
      await page.getByRole('button', { name: 'Take the acknowledgement back' }).click();
      await page.getByRole('button', { name: 'Acknowledge', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Silence', exact: true }).click();
      await page.getByLabel('By AS64666').check();
      await page.getByLabel('Why', { exact: true }).fill('renumbering');
      await keepPicture(page, 'silence');
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByRole('button', { name: 'Silence it' }).click();
      await page.getByText(/No notices until/).waitFor();
      await page.goto(`${at.open}/incidents`);
      await page.getByText('203.0.113.0/24, AS64666').waitFor();
      await keepPicture(page, 'incidents-silenced');
      await page.getByRole('button', { name: 'End it' }).click();
      await page.getByText('None. An incident').waitFor();
      const { rows } = await at.dashboards.database.pool.query(
        "SELECT action FROM audit WHERE action IN ('unacknowledge', 'silence', 'end silence') ORDER BY id",
      );
      expect(rows.map(({ action }) => action)).toEqual(['unacknowledge', 'silence', 'end silence']);
    });
  });
}
