import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FOLDER = join('test-output', 'browser');

/** Why the tests in a browser cannot run here; null when they can. @throws Error in CI, where they must run */
export function whyNoChromium(): string | null {
  if (existsSync(PATH)) return null;
  const reason = `no Chromium at ${PATH}: apt-get install chromium, or set CHROMIUM_PATH`;
  if (process.env.CI) throw new Error(reason);
  return reason;
}

/** One process draws all pages: each visit would start one of its own, a quarter of a second of a processor. */
const ONE_RENDERER = ['--renderer-process-limit=1', '--disable-site-isolation-trials'];

/** A headless browser; as root it has no sandbox of its own. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: PATH,
    args: [...ONE_RENDERER, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
}

/** Keeps what the page looks like, from top to bottom, as test output, where KEEP_PICTURES is set: each takes a second. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  if (!process.env.KEEP_PICTURES) return;
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true });
}

/**
 * Faults of the grades that keep people out, as axe-core finds them under WCAG 2.2 AA: rule and where. Of what passes it
 * keeps one element a rule: to name and to send all of them took longer than the rules.
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Evaluated through the debugger, for the page's own policy lets no foreign script in.
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(axe.source);
  const violations = await page.evaluate<axe.Result[]>(
    `axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      resultTypes: ['violations'],
    }).then(({ violations }) => violations)`,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`),
    );
}

/** How much wider than the window the document is, in CSS pixels. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
