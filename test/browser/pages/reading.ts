import { describe, expect, test } from '@jest/globals';
import { STREAM } from '../../dashboard/seed.js';
import { accessibilityFaults, keepPicture, overhang } from '../../support/chromium.js';
import { drawn, heading, MODEL, type Visitor } from '../visitor.js';

const PAGES = [
  { name: 'overview', path: '/', heading: 'Routing is ordinary' },
  { name: 'incidents', path: '/incidents', heading: 'Incidents' },
  { name: 'incident', path: '/incidents/1', heading: 'Prefix hijack by AS64666' },
  { name: 'models', path: '/models', heading: 'Models' },
  { name: 'model', path: MODEL, heading: `LSTM autoencoder of ${STREAM}` },
  { name: 'compare', path: `${MODEL}/compare?left=1&right=2`, heading: 'LSTM autoencoder: two versions' },
  { name: 'audit', path: '/audit', heading: 'Who did what' },
] as const;

/** Labels of the frames whose table is wider than they are. */
const WIDER_TABLES = `[...document.querySelectorAll('.scroll:has(table)')]
  .filter((area) => area.scrollWidth > area.clientWidth + 1).map((area) => area.ariaLabel)`;

/** Every page: nobody is kept out by how it looks, on any screen. */
export function describeReading(at: Visitor): void {
  test.each([
    ['/%ff', 'Nothing is at /%ff.'],
    [`${MODEL}/99`, 'A version has no page of its own.'],
    ['/incidents/latest', 'Nothing is at /incidents/latest.'],
  ])('%s is answered in words', async (path, words) => {
    await at.visit(at.open + path, async (page) => {
      await heading(page, 'Page not found');
      await page.getByText(words).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
    });
  });

  test('an incident that is none is named, with the way to all', async () => {
    await at.visit(`${at.open}/incidents/9999`, async (page) => {
      await heading(page, 'Incident 9999');
      await page.getByText('There is no incident 9999.').waitFor();
      await page.getByRole('link', { name: 'All incidents' }).click();
      await heading(page, 'Incidents');
    });
  });

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test('jobs in every state keep nobody out', async () => {
      await at.visit(
        `${at.open}/queues`,
        async (page) => {
          await page.goto(`${at.open}/queues/queue/retrain?status=latest`);
          for (const state of ['waiting', 'delayed', 'completed', 'failed']) {
            await page.getByText(`${state} job`, { exact: true }).waitFor();
          }
          expect(await accessibilityFaults(page)).toEqual([]);
          await page.getByRole('link', { name: 'failed job' }).click();
          await page.getByText('out of memory').first().waitFor();
          await keepPicture(page, `job-${colorScheme}`);
          expect(await accessibilityFaults(page)).toEqual([]);
        },
        { colorScheme },
      );
    });

    test.each(PAGES)('$name keeps nobody out', async ({ name, path, heading: title }) => {
      await at.visit(
        at.open + path,
        async (page) => {
          await heading(page, title);
          await drawn(page);
          await keepPicture(page, `${name}-${colorScheme}`);
          expect(await accessibilityFaults(page)).toEqual([]);
        },
        { colorScheme },
      );
    });

    test('neither do the dialogue and the sign-in', async () => {
      await at.visit(
        at.open + MODEL,
        async (page) => {
          await page.getByRole('button', { name: 'Retrain now' }).click();
          await page.getByRole('dialog').waitFor();
          expect(await accessibilityFaults(page)).toEqual([]);
        },
        { colorScheme },
      );
      await at.visit(
        `${at.locked}/login`,
        async (page) => {
          await heading(page, 'Routewarden');
          await keepPicture(page, `login-${colorScheme}`);
          expect(await accessibilityFaults(page)).toEqual([]);
        },
        { colorScheme },
      );
    });
  });

  test.each(PAGES)('$name fits a phone without scrolling sideways', async ({ name, path, heading: title }) => {
    await at.visit(
      at.open + path,
      async (page) => {
        await heading(page, title);
        await drawn(page);
        await keepPicture(page, `${name}-phone`);
        expect(await overhang(page)).toBe(0);
        // Rows are cards: no table scrolls sideways inside its own frame either.
        expect(await page.evaluate(WIDER_TABLES)).toEqual([]);
        expect(await accessibilityFaults(page)).toEqual([]);
      },
      { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
    );
  });
}
