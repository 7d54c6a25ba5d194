import { createPostgresBackend, UnrecoverableError, Worker } from 'bullmq';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startDashboards, type TestDashboard } from '../dashboard/dashboard.js';
import { STREAM, seedHistory } from '../dashboard/seed.js';
import { openChromium } from '../support/chromium.js';

export const TOKEN = 'a-very-secret-token-of-operators';
export const READ_TOKEN = 'a-very-secret-token-of-readers';
export const MODEL = `/models/${encodeURIComponent(`lstm@${STREAM}`)}`;

/** Somebody with a browser before two dashboards of one database: one open to all, one behind tokens. */
export class Visitor {
  dashboards!: TestDashboard;
  /** Their addresses. */
  open = '';
  locked = '';
  /** What the pages wrote to the console as errors. */
  readonly errors: string[] = [];
  private browser: Browser | undefined;
  /** By their options: a context, a window and its process cost half a second of a processor each time. */
  private readonly tabs = new Map<string, Page>();

  async start(): Promise<void> {
    [this.dashboards, this.browser] = await Promise.all([startDashboards(), openChromium()]);
    await seedHistory(this.dashboards.database.pool, 30);
    this.open = (await this.dashboards.open()).url;
    this.locked = (await this.dashboards.open({ token: TOKEN, readToken: READ_TOKEN })).url;
    await leaveJobs(this.dashboards);
  }

  async stop(): Promise<void> {
    await this.browser?.close();
    await this.dashboards?.stop();
  }

  /** A fresh document without cookies, as in a new window; one visit at a time. */
  async visit<T>(url: string, look: (page: Page) => Promise<T>, options: BrowserContextOptions = {}): Promise<T> {
    const page = await this.tab(options);
    try {
      await page.goto(url);
      return await look(page);
    } finally {
      // Ends the page's requests, which would go on, and whatever they would complain of.
      await page.goto('about:blank');
      await page.context().clearCookies();
    }
  }

  /** With nothing in its cache, as whoever comes for the first time. */
  async firstVisit<T>(url: string, look: (page: Page) => Promise<T>): Promise<T> {
    const page = await this.openTab({});
    try {
      await page.goto(url);
      return await look(page);
    } finally {
      await page.context().close();
    }
  }

  private async tab(options: BrowserContextOptions): Promise<Page> {
    const key = JSON.stringify(options);
    const page = this.tabs.get(key) ?? (await this.openTab(options));
    this.tabs.set(key, page);
    return page;
  }

  private async openTab(options: BrowserContextOptions): Promise<Page> {
    const context = await this.browser!.newContext({
      viewport: { width: 1360, height: 900 },
      colorScheme: 'light',
      ...options,
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} (${message.location().url})`);
    });
    return page;
  }
}

export async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor({ timeout: 10_000 });
}

export async function drawn(page: Page): Promise<void> {
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
}

/** One job in each state, as a worker leaves them. */
async function leaveJobs({ queue, database }: TestDashboard): Promise<void> {
  const data = { modelKey: `lstm@${STREAM}` };
  for (const name of ['completed job', 'failed job']) await queue.add(name, data);
  const worker = new Worker(
    queue.name,
    async (job) => {
      await job.updateProgress(40);
      await job.log('read 1,440 minutes');
      if (job.name === 'failed job') throw new UnrecoverableError('out of memory');
      return { version: 2 };
    },
    { connection: { connectionString: database.url, migrate: true } },
    createPostgresBackend,
  );
  let left = 2;
  await new Promise<void>((resolve, reject) => {
    const done = () => {
      left -= 1;
      if (left === 0) resolve();
    };
    worker.on('completed', done);
    worker.on('failed', done);
    worker.on('error', reject);
  });
  await worker.close();
  await queue.add('waiting job', data);
  await queue.add('delayed job', data, { delay: 3_600_000 });
}
