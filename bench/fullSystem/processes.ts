import { readdirSync, readFileSync } from 'node:fs';

/** A process with its share of the memory in use: pages that several have are counted in parts (PSS). */
export interface ProcessMemory {
  pid: number;
  name: string;
  bytes: number;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // it has ended meanwhile
    return '';
  }
}

/** A process, all that it has started and what those have. */
export function familyOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(textOf(`/proc/${entry}/status`))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const family: number[] = [];
  for (const next = [root]; next.length > 0; ) {
    const pid = next.pop()!;
    family.push(pid);
    next.push(...(children.get(pid) ?? []));
  }
  return family;
}

/** The name of a service, of a server, or `start`. */
function nameOf(pid: number): string {
  const words = textOf(`/proc/${pid}/cmdline`).split('\0');
  const worker = words
    .map((word) => /\/program\/(?!routewarden)(\w+)\.js$/.exec(word)?.[1])
    .find((name) => name !== undefined);
  if (worker !== undefined) return worker;
  if (/postgres/.test(words[0] ?? '')) return 'PostgreSQL';
  if (/redis/.test(words[0] ?? '')) return 'Redis';
  return words.some((word) => word.endsWith('routewarden.js')) ? 'start' : (words[0] ?? 'ended');
}

export function memoryOf(pids: readonly number[]): ProcessMemory[] {
  return pids.flatMap((pid) => {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1];
    return kilobytes === undefined ? [] : [{ pid, name: nameOf(pid), bytes: Number(kilobytes) * 1024 }];
  });
}

/** Sums of several processes of one name, the largest first. */
export function byName(memory: readonly ProcessMemory[]): [name: string, bytes: number][] {
  const sums = new Map<string, number>();
  for (const { name, bytes } of memory) sums.set(name, (sums.get(name) ?? 0) + bytes);
  return [...sums].sort((a, b) => b[1] - a[1]);
}
