import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startDashboards, type TestDashboard } from '../dashboard/dashboard.js';
import { storeHijack, TAKEN } from '../dashboard/storedIncidents.js';
import { accessibilityFaults, keepPicture, openChromium, overhang, whyNoChromium } from '../support/chromium.js';

const missing = whyNoChromium();
const suite = missing === null ? describe : describe.skip;

suite(`an incident that the correlator stored${missing === null ? '' : ` (${missing})`}`, () => {
  let dashboards: TestDashboard;
  let browser: Browser;
  let page: Page;
  let address: string;

  beforeAll(async () => {
    [dashboards, browser] = await Promise.all([startDashboards(), openChromium()]);
    const [id] = await storeHijack(dashboards.database.pool);
    const { url } = await dashboards.open({}, (asNumber) => (asNumber === 3500 ? 'HOLDER-5, DE' : undefined));
    address = `${url}/incidents/${id}`;
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(address);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await dashboards?.stop();
  });

  test('lists every victim with holder, name and RPKI state', async () => {
    await page.getByRole('button', { name: `Show all ${TAKEN.length}` }).click();
    expect(await page.locator('.victims tbody tr').count()).toBe(TAKEN.length);
    await page.getByRole('row', { name: /10\.5\.0\.0\/16 AS3500 ?HOLDER-5, DE AS3200 invalid 8/ }).waitFor();
    await page.getByText(/Very sure, [01]\.\d\d of 1\./).waitFor();
  });

  test('opens its paths at the height, and a time of the time line moves the slider', async () => {
    await page.getByText(/, its height, 1 new link, taken by 8 of the 8 peers/).waitFor();
    await page.locator('.timeline .height', { hasText: '8 of the 8 peers' }).waitFor();
    const slider = page.getByRole('slider');
    const height = await slider.inputValue();
    await slider.focus();
    await slider.press('Home');
    await page.getByText('Before the incident').waitFor();
    await page.locator('.timeline .height button').click();
    await page.locator('.timeline .height[aria-current=time]').waitFor();
    expect(await slider.inputValue()).toBe(height);
    await keepPicture(page, 'incident-victims');
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  test('shows the first of many holders, and the others when asked', async () => {
    const holders = [64500, 64501, 64502, 64503, 64504];
    const watched = [{ kind: 'new origin', prefix: '10.5.0.0/16', origin: 3200, peers: 8, holders }];
    await dashboards.database.pool.query(
      `UPDATE incidents SET detail = jsonb_set(detail, '{watched}', $1) WHERE class = 'hijack'`,
      [JSON.stringify(watched)],
    );
    await page.reload();
    const cell = page.locator('.victims td[data-head=Holder]').first();
    await cell.getByText('AS64500, AS64501 and 3 more').waitFor();
    await page.getByText(`12 of ${TAKEN.length} shown.`).waitFor();
    await cell.getByRole('button', { name: 'and 3 more' }).click();
    await cell.getByText('AS64500, AS64501, AS64502, AS64503, AS64504').waitFor();
  });

  test('fits a phone, where each victim is a card', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(address);
    const cell = page.locator('.victims td[data-head=Holder]').first();
    await cell.waitFor();
    expect(await page.evaluate("getComputedStyle(document.querySelector('.victims td')).display")).toBe('grid');
    expect(await overhang(page)).toBe(0);
    expect(await accessibilityFaults(page)).toEqual([]);
    await keepPicture(page, 'incident-victims-phone');
  });
});
