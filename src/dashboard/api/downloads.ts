import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { ModelKey } from '../../models/model.js';
import { findVersion, versionFiles } from '../../storage/modelVersions.js';
import { readGiven } from './badRequest.js';
import { NotThere } from './route.js';
import { versionParameter } from './schema.js';

const fileParameter = versionParameter.extend({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,80}$/, 'expected a file name such as weights.bin'),
});

/** Files to keep: what a version was published with, byte for byte. */
export function addDownloads(server: FastifyInstance, pool: Pool): void {
  server.get('/api/models/:key/versions/:version/files/:name', async (request, reply) => {
    const { key, version: number, name } = readGiven(fileParameter, request.params);
    const version = await findVersion(pool, key as ModelKey, number);
    const file = version && (await versionFiles(pool, version.id)).find((one) => one.name === name);
    if (!file) throw new NotThere(`Version ${number} of ${key} has no file ${name}: it may have been pruned.`);
    const saved = `${key.replace('@', '_')}_${number}_${name}`;
    reply
      .type('application/octet-stream')
      .header('content-disposition', `attachment; filename="${saved}"`)
      .header('etag', `"${file.sha256}"`);
    return file.bytes;
  });
}
