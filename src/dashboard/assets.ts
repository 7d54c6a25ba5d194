import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  type: string;
  etag: string;
  /** By content encoding. */
  bytes: Record<'identity' | 'gzip' | 'br', Buffer>;
}

/**
 * Serves the bundled page from memory, compressed as the build left it. Paths of the page itself (`/incidents/3`) all give
 * index.html; the page reads the path.
 * @param folder where build.js put the bundle
 * @returns what sends the page for any other path; the page then says that nothing is there
 * @throws Error that says how to build it when it is not there
 */
export async function serveAssets(
  server: FastifyInstance,
  folder: URL,
): Promise<(request: FastifyRequest, reply: FastifyReply) => FastifyReply> {
  const names = await readdir(folder).catch(() => {
    throw new Error('the dashboard page is not built: run `npm run build` first');
  });
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type !== undefined) assets.set(name, await assetOf(type, new URL(name, folder)));
  }
  const index = assets.get('index.html');
  if (index === undefined) throw new Error('the dashboard page is not built: run `npm run build` first');

  for (const [name, asset] of assets) {
    if (name !== 'index.html') server.get(`/${name}`, (request, reply) => send(request, reply, asset));
  }
  for (const path of [
    '/',
    '/incidents',
    '/incidents/:id',
    '/networks',
    '/models',
    '/models/:key',
    '/models/:key/compare',
    '/audit',
    '/login',
  ]) {
    server.get(path, (request, reply) => send(request, reply, index));
  }
  return (request, reply) => send(request, reply, index);
}

async function assetOf(type: string, file: URL): Promise<Asset> {
  const [identity, gzip, br] = await Promise.all(
    ['', '.gz', '.br'].map((ending) => readFile(new URL(file.href + ending))),
  );
  return {
    type,
    etag: `"${createHash('sha256').update(identity!).digest('base64url').slice(0, 22)}"`,
    bytes: { identity: identity!, gzip: gzip!, br: br! },
  };
}

function send(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  reply.headers({ etag: asset.etag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
  if (request.headers['if-none-match'] === asset.etag) return reply.status(304).send();
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = (['br', 'gzip'] as const).find((name) => new RegExp(`\\b${name}\\b`).test(accepted)) ?? 'identity';
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  return reply.type(asset.type).send(asset.bytes[encoding]);
}
