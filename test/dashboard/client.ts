import { startDashboards, type TestDashboard } from './dashboard.js';
import { seedHistory } from './seed.js';

export const TOKEN = 'a-very-secret-token-of-operators';
export const READ_TOKEN = 'a-very-secret-token-of-readers';

/** Two dashboards of one seeded database, and requests to them as a program sends them. */
export class Client {
  dashboards!: TestDashboard;
  /** Their addresses: open to all, and behind tokens. */
  open = '';
  locked = '';

  async start(): Promise<void> {
    this.dashboards = await startDashboards();
    await seedHistory(this.dashboards.database.pool, 8);
    this.open = (await this.dashboards.open()).url;
    this.locked = (await this.dashboards.open({ token: TOKEN, readToken: READ_TOKEN, loginAttempts: 3 })).url;
  }

  stop(): Promise<void> {
    return this.dashboards.stop();
  }

  async get(
    path: string,
    headers: Record<string, string> = {},
    base = this.open,
  ): Promise<{ status: number; headers: Headers; text: string }> {
    const response = await fetch(base + path, { headers, redirect: 'manual' });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}, base = this.open): Promise<Response> {
    return fetch(base + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: base, ...headers },
      body: JSON.stringify(body),
    });
  }
}
