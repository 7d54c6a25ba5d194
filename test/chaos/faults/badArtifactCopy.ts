import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault } from './fault.js';

export const badArtifactCopy: Fault = {
  name: 'a corrupted or truncated artifact on disk',
  hindrance: () => null,
  async strike({ settings }, random) {
    let files: string[] = [];
    try {
      files = readdirSync(settings.artifactDirectory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== 'manifest.json')
        .map((entry) => join(entry.parentPath, entry.name));
    } catch {
      return []; // nothing is published yet
    }
    if (files.length === 0) return [];
    const file = random.pick(files);
    try {
      const bytes = readFileSync(file);
      if (random.integer(2) === 0) writeFileSync(file, bytes.subarray(0, random.integer(bytes.length)));
      else {
        bytes[random.integer(bytes.length)]! ^= 0xff;
        writeFileSync(file, bytes);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // replaced meanwhile
    }
    return [];
  },
};
