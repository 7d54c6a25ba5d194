/**
 * Makes the pictures of the page in docs/pictures/ from a demo that is up:
 * `npm run demo`, and beside it `node dist/bench/pictures.js [URL]`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const FOLDER = join('docs', 'pictures');
/** Pixels of the picture for one of the page: a repository should not carry large files. */
const SCALE = 0.75;

const PICTURES: { name: string; path: (page: Page) => Promise<string>; height: number; ready: string }[] = [
  { name: 'overview', path: async () => '/', height: 860, ready: '.scores canvas' },
  { name: 'incident', path: firstHijack, height: 800, ready: 'svg.paths path.edge' },
  { name: 'model', path: async () => '/models/lstm%40demo', height: 900, ready: '.strip button' },
];

async function firstHijack(page: Page): Promise<string> {
  const answer = await page.request.get(new URL('/api/incidents', page.url()).href);
  const incidents = (await answer.json()) as { id: number; class: string }[];
  const hijack = incidents.find((incident) => incident.class === 'hijack');
  if (hijack === undefined) throw new Error('the demo has found no hijack yet: wait until it says so');
  return `/incidents/${hijack.id}`;
}

async function take(browser: Browser, url: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const { name, path, height, ready } of PICTURES) {
    const page = await browser.newPage({
      viewport: { width: 1280, height },
      deviceScaleFactor: SCALE,
      colorScheme: 'light',
    });
    await page.goto(url);
    await page.goto(new URL(await path(page), url).href);
    await page.locator(ready).first().waitFor({ state: 'attached' });
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
    // The check that found the drift, with both distributions.
    const drifted = page.locator('.strip button.warn').first();
    if (await drifted.isVisible()) await drifted.click();
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await page.close();
    process.stderr.write(`${join(FOLDER, `${name}.png`)}\n`);
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  await take(browser, process.argv[2] ?? 'http://127.0.0.1:8787/');
} finally {
  await browser.close();
}
