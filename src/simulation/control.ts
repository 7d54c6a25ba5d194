import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Logger } from '../sources/source.js';
import type { RisLiveServer } from './risLiveServer.js';
import type { SimulatedWorld } from './world.js';

const playSchema = z.object({
  until: z.coerce.number().int().nonnegative(),
  messagesPerSecond: z.coerce.number().positive().optional(),
  wait: z.stringbool().default(true),
});
const faultSchema = z.object({
  stalled: z.stringbool().optional(),
  refusing: z.stringbool().optional(),
  duplicateEvery: z.coerce.number().int().nonnegative().optional(),
  drop: z.stringbool().optional(),
  error: z.string().max(1000).optional(),
  text: z.string().max(100_000).optional(),
});

/**
 * Loopback HTTP control of a simulated RIS Live server in its own process:
 * - `POST /play?until=MINUTE[&messagesPerSecond=N]` answers when all is sent: `{"minutes","messages"}`; with `wait=false`
 *   at once, with 202 and the state, which then says when it is over;
 * - `GET /state` : `{"position","playing","clients","subscribers","messages"}`;
 * - `GET /truth` : the scripted incidents as played;
 * - `POST /fault?stalled=true&refusing=true&duplicateEvery=N&drop=true&error=TEXT&text=TEXT`.
 *
 * Anything else is answered with a 4xx status and `{"error"}`.
 */
export class SimulationControl {
  readonly #http: Server;

  constructor(
    readonly server: RisLiveServer,
    readonly world: SimulatedWorld,
    readonly logger: Logger,
  ) {
    this.#http = createServer((request, response) => {
      this.#answer(request, response).catch((error: Error) => reply(response, 500, { error: error.message }));
    });
    // Playing a week may take longer than Node allows a request by default.
    this.#http.requestTimeout = 0;
  }

  /** @returns the base URL. Rejects when the port is taken. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://loopback');
    const query = Object.fromEntries(url.searchParams);
    const route = `${request.method} ${url.pathname}`;
    if (route === 'GET /state') return reply(response, 200, this.server.state);
    if (route === 'GET /truth') return reply(response, 200, this.world.groundTruth());
    if (route === 'POST /play') return this.#play(query, response);
    if (route === 'POST /fault') return this.#fault(query, response);
    reply(response, 404, { error: `no ${route}; there are GET /state, GET /truth, POST /play, POST /fault` });
  }

  async #play(query: Record<string, string>, response: ServerResponse): Promise<void> {
    const parsed = playSchema.safeParse(query);
    if (!parsed.success) return reply(response, 400, { error: z.prettifyError(parsed.error) });
    if (this.server.state.playing) return reply(response, 409, { error: 'already playing: wait for it to end' });
    const { until, wait, ...options } = parsed.data;
    if (!wait) {
      this.server.playUntil(until, options).catch((error: Error) => {
        this.logger.error({ error: error.message, until }, 'playing failed');
      });
      return reply(response, 202, this.server.state);
    }
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      reply(response, 200, await this.server.playUntil(until, { ...options, signal: gone.signal }));
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    }
  }

  #fault(query: Record<string, string>, response: ServerResponse): void {
    const parsed = faultSchema.safeParse(query);
    if (!parsed.success) {
      reply(response, 400, { error: z.prettifyError(parsed.error) });
      return;
    }
    const { drop, error, text, ...faults } = parsed.data;
    Object.assign(this.server.faults, faults);
    if (drop) this.server.drop();
    if (error !== undefined) this.server.sendError(error);
    if (text !== undefined) this.server.sendText(text);
    reply(response, 200, this.server.faults);
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
