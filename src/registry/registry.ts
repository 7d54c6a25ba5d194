import type { Pool, PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { type Activation, appendActivation, currentActivation, lockModel, watermark } from '../storage/activations.js';
import { appendAudit } from '../storage/audit.js';
import { findExam, insertExam } from '../storage/exams.js';
import {
  findVersion,
  listVersions,
  type ModelVersion,
  setPinned,
  setState,
  versionById,
  versionFiles,
} from '../storage/modelVersions.js';
import { inTransaction } from '../storage/pool.js';

/** What was asked of the registry cannot be done; the message says why and what to do. */
export class RegistryRefusal extends Error {
  constructor(
    message: string,
    /** Missing: what was named does not exist. */
    readonly kind: 'missing' | 'conflict' = 'conflict',
  ) {
    super(message);
    this.name = 'RegistryRefusal';
  }
}

export interface Move {
  pool: Pool;
  modelKey: ModelKey;
  actor: string;
  reason: string;
}

/**
 * Moves the active pointer back: to `version`, or to the published version that was active before.
 *
 * @throws RegistryRefusal if it is unknown, or its files were pruned
 */
export async function rollback(
  move: Move & {
    version?: number /** Id of the activation that is to be ended: nothing moves when another is current. */;
    activation?: number;
  },
): Promise<{ from: number; to: ModelVersion; activeFrom: Minute }> {
  const { modelKey } = move;
  return inTransaction(move.pool, async (client) => {
    await lockModel(client, modelKey, 'exclusive');
    const active = await currentActivation(client, modelKey);
    if (!active) throw new RegistryRefusal(`${modelKey} has no active version: train one first`);
    if (move.activation !== undefined && move.activation !== active.id)
      throw new RegistryRefusal(`the active version of ${modelKey} has changed meanwhile: it is ${active.version} now`);
    const to =
      move.version === undefined
        ? await previousVersion(client, active)
        : await findVersion(client, modelKey, move.version);
    if (!to) {
      throw new RegistryRefusal(
        move.version === undefined
          ? `${modelKey} has no version before ${active.version}`
          : `${modelKey} has no version ${move.version}: see "routewarden models ${modelKey}"`,
        'missing',
      );
    }
    if (to.id === active.versionId) throw new RegistryRefusal(`version ${to.version} of ${modelKey} is active already`);
    if (to.state !== 'published')
      throw new RegistryRefusal(`version ${to.version} of ${modelKey} was ${to.state}, not published`);
    if ((await versionFiles(client, to.id)).length === 0) {
      throw new RegistryRefusal(`the files of version ${to.version} of ${modelKey} were pruned: choose a newer one`);
    }
    const activeFrom = await activate(client, active, to, { ...move, action: 'rollback' });
    return { from: active.version, to, activeFrom };
  });
}

async function previousVersion(client: PoolClient, active: Activation): Promise<ModelVersion | null> {
  const version = await versionById(client, active.versionId);
  return version?.parentId ? versionById(client, version.parentId) : null;
}

async function activate(
  client: PoolClient,
  active: Activation | null,
  to: ModelVersion,
  move: Move & { action: 'rollback' | 'accept' },
): Promise<Minute> {
  const now = await watermark(client, to.kind, to.stream);
  const from = Math.max((now ?? to.dataUntil - 1) + 1, active?.from ?? 0);
  await appendActivation(client, {
    modelKey: to.modelKey,
    versionId: to.id,
    from,
    reason: move.reason,
    actor: move.actor,
  });
  await appendAudit(client, {
    actor: move.actor,
    action: move.action,
    target: `${to.modelKey} ${to.version}`,
    detail: { reason: move.reason, before: active?.version ?? null },
  });
  return from;
}

/**
 * A person accepts a held version: it is published and begins a lineage of its own, whose exam is that of the one
 * before with the accepted version's result as its reference.
 *
 * @throws RegistryRefusal
 */
export async function acceptHeld(
  move: Move & { version: number /** A rejected one as well. */; rejectedToo?: boolean },
): Promise<{ version: ModelVersion; activeFrom: Minute }> {
  const { modelKey } = move;
  return inTransaction(move.pool, async (client) => {
    await lockModel(client, modelKey, 'exclusive');
    const held = await findVersion(client, modelKey, move.version);
    const isRejected = held?.state === 'rejected' && move.rejectedToo === true;
    if (!held || (held.state !== 'held' && !isRejected))
      throw new RegistryRefusal(`${modelKey} has no held version ${move.version}`, held ? 'conflict' : 'missing');
    if ((await versionFiles(client, held.id)).length === 0)
      throw new RegistryRefusal(`the files of version ${move.version} of ${modelKey} were pruned: train it anew`);
    const lineage = Math.max(...(await listVersions(client, modelKey)).map((version) => version.lineage)) + 1;
    const exam = await findExam(client, modelKey, held.lineage);
    const reference = (held.metrics.exam as { challenger?: unknown } | undefined)?.challenger;
    if (exam && reference) await insertExam(client, modelKey, lineage, { bytes: exam.bytes, reference });
    await setState(client, held.id, 'published', lineage);
    const version: ModelVersion = { ...held, state: 'published', lineage };
    const activeFrom = await activate(client, await currentActivation(client, modelKey), version, {
      ...move,
      action: 'accept',
    });
    return { version, activeFrom };
  });
}

/** A pinned version stays active (nothing is published over it) and is never pruned. */
export async function pin(move: Move & { version: number; pinned: boolean }): Promise<ModelVersion> {
  return inTransaction(move.pool, async (client) => {
    await lockModel(client, move.modelKey, 'exclusive');
    const version = await findVersion(client, move.modelKey, move.version);
    if (!version) throw new RegistryRefusal(`${move.modelKey} has no version ${move.version}`, 'missing');
    await setPinned(client, version.id, move.pinned);
    await appendAudit(client, {
      actor: move.actor,
      action: move.pinned ? 'pin' : 'unpin',
      target: `${move.modelKey} ${move.version}`,
      detail: { reason: move.reason },
    });
    return { ...version, pinned: move.pinned };
  });
}

export interface ListedVersion extends ModelVersion {
  active: boolean;
}

/** Newest first, with the active ones marked. */
export async function list(pool: Pool, key?: ModelKey): Promise<ListedVersion[]> {
  const versions = await listVersions(pool, key);
  const active = new Map<ModelKey, number | undefined>();
  for (const { modelKey } of versions) {
    if (!active.has(modelKey)) active.set(modelKey, (await currentActivation(pool, modelKey))?.versionId);
  }
  return versions.map((version) => ({ ...version, active: active.get(version.modelKey) === version.id }));
}

export async function show(
  pool: Pool,
  key: ModelKey,
  number: number,
): Promise<ModelVersion & { files: { name: string; sha256: string; bytes: number }[] }> {
  const version = await findVersion(pool, key, number);
  if (!version) throw new RegistryRefusal(`${key} has no version ${number}`, 'missing');
  const files = await versionFiles(pool, version.id);
  return {
    ...version,
    files: files.map((file) => ({ name: file.name, sha256: file.sha256, bytes: file.bytes.length })),
  };
}

/** Metadata of two versions side by side: the fields in which they differ. */
export async function compare(
  pool: Pool,
  key: ModelKey,
  left: number,
  right: number,
): Promise<{ field: string; left: unknown; right: unknown }[]> {
  const [a, b] = [await show(pool, key, left), await show(pool, key, right)];
  return Object.keys(a).flatMap((field) => {
    const [before, after] = [Reflect.get(a, field), Reflect.get(b, field)];
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, left: before, right: after }];
  });
}
