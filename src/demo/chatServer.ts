import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const postSchema = z.object({
  text: z.string(),
  attachments: z.array(z.object({ title: z.string(), text: z.string().default('') })).default([]),
});

const LARGEST_BODY = 1024 * 1024;
/** Of Slack's markup the three that a sender must escape. */
const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** Takes what is posted to an incoming webhook of Slack, on loopback, and hands on its lines. Other bodies are refused. */
export class ChatServer {
  readonly #http: Server;

  constructor(heard: (lines: string[]) => void) {
    this.#http = createServer(async (request, response) => {
      try {
        const chunks: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of request) {
          bytes += (chunk as Buffer).length;
          if (bytes > LARGEST_BODY) throw new Error('too large');
          chunks.push(chunk as Buffer);
        }
        heard(linesOf(JSON.parse(Buffer.concat(chunks).toString())));
        response.end('ok');
      } catch (error) {
        response.writeHead(400).end(`invalid_payload: ${(error as Error).message}\n`);
      }
    });
  }

  /** @returns the webhook's address */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/hook`;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}

function linesOf(body: unknown): string[] {
  const { text, attachments } = postSchema.parse(body);
  const whole = attachments.length === 0 ? [text] : attachments.flatMap((one) => [one.title, ...one.text.split('\n')]);
  return whole.map((line) => line.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]!)).filter(Boolean);
}
