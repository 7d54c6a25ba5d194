/**
 * The licences of all locked packages, for CI: `node dist/test/deployment/licences.js`. Exit code 1 when one is not
 * allowed. Reads package-lock.json alone, so that it works offline.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** May be used and passed on with MIT-licensed code, with notices kept; MPL-2.0 alone holds for changed files. */
const ALLOWED = [
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'MPL-2.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'Python-2.0',
  'PostgreSQL',
  'Unlicense',
];

const lockFile = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string().optional(),
      license: z.string().optional(),
      os: z.array(z.string()).optional(),
      dev: z.boolean().optional(),
    }),
  ),
});

export interface LicensedPackage {
  name: string;
  version: string;
  licence: string;
  /** Part of what is shipped, not of its making alone. */
  shipped: boolean;
  allowed: boolean;
}

export function licensedPackages(lockText: string): LicensedPackage[] {
  const { packages } = lockFile.parse(JSON.parse(lockText));
  return Object.entries(packages).flatMap(([path, { version = '', license, os, dev }]) => {
    // Builds for other systems come under the licence of the package that chooses among them.
    if (path === '' || (os !== undefined && license === undefined)) return [];
    const licence = license ?? 'none named';
    const allowed = licence
      .replace(/[()]/g, '')
      .split(/ AND /)
      .every((name) => name.split(' OR ').some((one) => ALLOWED.includes(one.trim())));
    return [{ name: path.replace(/^.*node_modules\//, ''), version, licence, shipped: dev !== true, allowed }];
  });
}

if (process.argv[1]?.endsWith('licences.js')) {
  const all = licensedPackages(readFileSync('package-lock.json', 'utf8'));
  for (const { name, version, licence, shipped } of all.sort((a, b) => a.licence.localeCompare(b.licence)))
    console.log(`${licence.padEnd(16)} ${name} ${version}${shipped ? '' : ' (development)'}`);
  const wrong = all.filter(({ allowed }) => !allowed);
  console.log(`licences: ${all.length} packages, ${wrong.length} not allowed`);
  if (wrong.length > 0) process.exitCode = 1;
}
