import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import type { ArtifactFile, ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { appendActivation, currentActivation, lockModel, watermark } from '../storage/activations.js';
import { appendAudit } from '../storage/audit.js';
import { insertExam, type StoredExam } from '../storage/exams.js';
import { putHourSummaries, type StoredHour } from '../storage/hourSummaries.js';
import { type Lease, lockLease } from '../storage/leases.js';
import { insertVersion, type ModelVersion, type NewVersion, versionById } from '../storage/modelVersions.js';
import { notify } from '../storage/notifications.js';
import { endedSince } from '../storage/pendingRuns.js';
import { inTransaction } from '../storage/pool.js';
import { appendRetrainState, clearFailures } from '../storage/retrainRuns.js';
import { insertShadow } from '../storage/shadows.js';
import { endShadows } from './shadow.js';

/** The trainer's lease ran out or passed to another: what it made is dropped. */
export class StaleLease extends Error {
  constructor(lease: Lease) {
    super(
      `the lease of ${lease.modelKey} (token ${lease.token}) is no longer ${lease.holder}'s: nothing was published`,
    );
    this.name = 'StaleLease';
  }
}

/** The active version changed while the challenger was trained against another. */
export class ChampionChanged extends Error {
  constructor(key: ModelKey) {
    super(`the active version of ${key} changed during the training: nothing was published, train again`);
    this.name = 'ChampionChanged';
  }
}

/** The run was given up while its trainer was paused or cut off, and perhaps asked for again. */
export class RunEnded extends Error {
  constructor(key: ModelKey, run: string) {
    super(`the retraining of ${key} was given up before it was done (run ${run}): nothing was published`);
    this.name = 'RunEnded';
  }
}

export class VersionPinned extends Error {
  constructor(key: ModelKey, version: number) {
    super(`version ${version} of ${key} is pinned: unpin it first`);
    this.name = 'VersionPinned';
  }
}

export interface Publication {
  lease: Lease;
  run: string;
  jobId?: string;
  version: NewVersion;
  files: ArtifactFile[];
  /** Shown with the move of the pointer and in the run's history. */
  reason: string;
  actor: string;
  detail: Record<string, unknown>;
  /** Hours that the version itself scored, its first baseline. */
  rescored: (StoredHour & { minutes: number })[];
  /** For a version in state `shadow`: how many minutes it scores beside the serving one before it takes over. */
  shadowMinutes?: number;
  /** The exam that a lineage's first version brings. */
  exam?: StoredExam;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Artifact, metadata, baseline, exam, the run's end and, for a published version, the active pointer: all in one
 * transaction, which the lease's token guards. A run that ended so before is refused by the database.
 *
 * @throws StaleLease, RunEnded, ChampionChanged, VersionPinned
 */
export async function recordVersion(
  pool: Pool,
  publication: Publication,
): Promise<{ version: ModelVersion; activeFrom: number | null }> {
  const { lease, version } = publication;
  const key = version.modelKey;
  return inTransaction(pool, async (client) => {
    await lockModel(client, key, 'exclusive');
    if (!(await lockLease(client, lease))) throw new StaleLease(lease);
    if (await endedSince(client, publication.run, lease)) throw new RunEnded(key, publication.run);
    const active = await currentActivation(client, key);
    if ((active?.versionId ?? null) !== version.parentId) throw new ChampionChanged(key);
    if (active && (await versionById(client, active.versionId))?.pinned) throw new VersionPinned(key, active.version);
    const { kind, stream } = parseModelKey(key);
    const now = await watermark(client, kind, stream);

    const stored = await insertVersion(
      client,
      { ...version, fencingToken: lease.token },
      publication.files.map((file) => ({
        name: file.name,
        sha256: sha256(file.bytes),
        bytes: Buffer.from(file.bytes),
      })),
    );
    if (publication.exam) await insertExam(client, key, version.lineage, publication.exam);
    await putHourSummaries(client, key, stored.id, new Date(0), publication.rescored);
    let activeFrom: number | null = null;
    if (version.state === 'published') {
      activeFrom = Math.max((now ?? version.dataUntil - 1) + 1, active?.from ?? 0);
      await appendActivation(client, {
        modelKey: key,
        versionId: stored.id,
        from: activeFrom,
        reason: publication.reason,
        actor: publication.actor,
      });
      await notify(client, 'activations', stream);
    }
    if (version.state === 'published' || version.state === 'shadow')
      await endShadows(client, key, `version ${stored.version} came after it`);
    if (version.state === 'shadow') {
      await insertShadow(client, {
        modelKey: key,
        versionId: stored.id,
        from: (now ?? version.dataUntil - 1) + 1,
        minutes: publication.shadowMinutes ?? 0,
      });
    }
    await appendRetrainState(client, {
      run: publication.run,
      modelKey: key,
      jobId: publication.jobId,
      state: version.state,
      detail: { ...publication.detail, version: stored.version, watermark: now ?? version.dataUntil - 1 },
    });
    await clearFailures(client, key);
    await appendAudit(client, {
      actor: publication.actor,
      action: `${version.state} version`,
      target: `${key} ${stored.version}`,
      detail: { reason: publication.reason },
    });
    return { version: stored, activeFrom };
  });
}
