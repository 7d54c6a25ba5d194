import type { Pool, PoolClient } from 'pg';
import type { Minute } from '../features/row.js';
import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { appendActivation, currentActivation, lockModel, watermark } from '../storage/activations.js';
import { appendAudit } from '../storage/audit.js';
import { type ModelVersion, setState, versionById } from '../storage/modelVersions.js';
import { inTransaction } from '../storage/pool.js';
import { appendRetrainState } from '../storage/retrainRuns.js';
import { deleteShadow, listShadows, type Shadow } from '../storage/shadows.js';

export interface ShadowEnd {
  reason: string;
  actor: string;
  /** What was measured, for the run's history. */
  detail: Record<string, unknown>;
}

export type TakeOver =
  | { state: 'published'; version: ModelVersion; replaced: ModelVersion; activeFrom: Minute }
  | { state: 'rejected' | 'waiting'; reason: string }
  /** Another process was faster. */
  | { state: 'over' };

/**
 * Lets a shadow serve from the next minute on, in one transaction, once. It waits while the champion is pinned, and is
 * rejected when another version has become the champion since it was proven.
 */
export async function takeOver(pool: Pool, shadow: Shadow, end: ShadowEnd): Promise<TakeOver> {
  const { modelKey, versionId } = shadow;
  return inTransaction(pool, async (client) => {
    await lockModel(client, modelKey, 'exclusive');
    const version = await versionById(client, versionId);
    const active = await currentActivation(client, modelKey);
    const replaced = active && (await versionById(client, active.versionId));
    if (version?.state !== 'shadow') return { state: 'over' };
    if (!replaced || replaced.id !== version.parentId) {
      const reason = `version ${replaced?.version} serves, and it was proven against another`;
      await reject(client, version, { ...end, reason });
      return { state: 'rejected', reason };
    }
    if (replaced.pinned) return { state: 'waiting', reason: `version ${replaced.version} is pinned` };
    await deleteShadow(client, versionId);
    await setState(client, versionId, 'published', version.lineage);
    const { kind, stream } = parseModelKey(modelKey);
    const now = (await watermark(client, kind, stream)) ?? version.dataUntil - 1;
    const activeFrom = Math.max(now + 1, active.from);
    await appendActivation(client, { modelKey, versionId, from: activeFrom, reason: end.reason, actor: end.actor });
    await tellEnd(client, version, 'published', { ...end, detail: { ...end.detail, watermark: now } });
    return { state: 'published', version: { ...version, state: 'published' }, replaced, activeFrom };
  });
}

/** Ends a shadow that shall not serve; it is kept for inspection. @returns false when it had ended before */
export async function rejectShadow(pool: Pool, shadow: Shadow, end: ShadowEnd): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await lockModel(client, shadow.modelKey, 'exclusive');
    const version = await versionById(client, shadow.versionId);
    if (version?.state !== 'shadow') return false;
    await reject(client, version, end);
    return true;
  });
}

/** Rejects what shadows a model, because another version came. Run it under the model's lock. */
export async function endShadows(client: PoolClient, modelKey: ModelKey, reason: string): Promise<void> {
  for (const { versionId } of await listShadows(client, { key: modelKey })) {
    const version = await versionById(client, versionId);
    if (version) await reject(client, version, { reason, actor: 'system', detail: {} });
  }
}

async function reject(client: PoolClient, version: ModelVersion, end: ShadowEnd): Promise<void> {
  await deleteShadow(client, version.id);
  await setState(client, version.id, 'rejected', version.lineage);
  await tellEnd(client, version, 'rejected', end);
}

async function tellEnd(
  client: PoolClient,
  version: ModelVersion,
  state: 'published' | 'rejected',
  { reason, actor, detail }: ShadowEnd,
): Promise<void> {
  await appendRetrainState(client, {
    run: String(version.metrics.run ?? `version ${version.id}`),
    modelKey: version.modelKey,
    state,
    detail: { ...detail, version: version.version, reasons: [reason] },
  });
  await appendAudit(client, {
    actor,
    action: `${state} version`,
    target: `${version.modelKey} ${version.version}`,
    detail: { reason },
  });
}
