import { describe, expect, test } from '@jest/globals';
import { accessibilityFaults, keepPicture } from '../../support/chromium.js';
import { heading, MODEL, READ_TOKEN, TOKEN, type Visitor } from '../visitor.js';

/** Who may see and change what. */
export function describeSigningIn(at: Visitor): void {
  describe('behind a token', () => {
    test('shows nothing but the sign-in, Bull Board included', async () => {
      for (const path of ['/', '/incidents/1', '/queues/']) {
        await at.visit(at.locked + path, async (page) => {
          await page.getByLabel('Token').waitFor();
          expect(new URL(page.url()).pathname).toBe(path === '/' ? '/' : '/login');
          expect(await page.getByText(/hijack/i).count()).toBe(0);
        });
      }
    });

    test('a wrong token is refused in words, the right one leads to where one wanted to go', async () => {
      await at.visit(`${at.locked}/incidents/1`, async (page) => {
        await page.getByLabel('Token').fill('not the token at all');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page
          .getByRole('alert')
          .getByText(/not the token/)
          .waitFor();
        await page.getByLabel('Your name').fill('Ada');
        await page.getByLabel('Token').fill(TOKEN);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await heading(page, 'Prefix hijack by AS64666');
        await page.getByText('Ada', { exact: false }).first().waitFor();
        await page.getByRole('link', { name: 'Jobs' }).click();
        await page.getByText('Routewarden jobs').first().waitFor();
        await page.getByText('retrain').first().waitFor();
        await keepPicture(page, 'queues');
        expect(await accessibilityFaults(page)).toEqual([]);
        await page.goto(at.locked);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByLabel('Token').waitFor();
        expect(await page.context().cookies()).toEqual([]);
      });
    });

    test('the reader sees everything and has no button that changes', async () => {
      await at.visit(`${at.locked}/login`, async (page) => {
        await page.getByLabel('Token').fill(READ_TOKEN);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByText('(read-only)').waitFor();
        await page.goto(at.locked + MODEL);
        await page.getByText('You are signed in read-only').waitFor();
        await page.getByText('version 2 active').waitFor();
        for (const name of ['Retrain now', /Activate/, /Pin/]) {
          expect(await page.getByRole('button', { name }).count()).toBe(0);
        }
        await page.goto(`${at.locked}/incidents/1`);
        await page.getByText('You are signed in read-only').waitFor();
        expect(await page.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
      });
    });
  });
}
