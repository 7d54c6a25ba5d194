import type { Pool } from 'pg';
import { ActionRefused, type ModelActions } from '../../src/dashboard/actions.js';
import type { BoardQueue } from '../../src/dashboard/board.js';
import type { ModelKey } from '../../src/models/model.js';
import { acceptHeld } from '../../src/registry/registry.js';
import { approvals, decideApproval } from '../../src/storage/approvals.js';
import { keepChampion, stuckModels } from '../../src/storage/stuckModels.js';
import { activate, addRunState, NOW } from './seed.js';

/**
 * Actions on the real database and queue, with a trainer that publishes when told to: the page's side of a retrain
 * without the models' side.
 */
export function testModelActions(pool: Pool, queue: BoardQueue): ModelActions & { finish(key: string): Promise<void> } {
  const started = new Map<string, string>();
  const decide = async (
    modelKey: ModelKey,
    decision: { approve: boolean; actor: string; reason: string },
  ): Promise<void> => {
    const [waiting] = await approvals(pool, { modelKey, waiting: true });
    if (waiting === undefined) throw new ActionRefused(`no retraining of ${modelKey} waits for approval`, 404);
    await decideApproval(pool, waiting.id, { ...decision, watermark: null });
  };
  return {
    async retrain(key, actor) {
      const job = await queue.add('retrain', { modelKey: key, actor });
      const run = `run-${job.id}`;
      started.set(key, run);
      await addRunState(pool, run, key, 'training', { fraction: 0.4, message: 'epoch 4 of 10, loss 0.0311' });
      return { jobId: String(job.id) };
    },
    async accept(key, version, actor) {
      await acceptHeld({ pool, modelKey: key, version, actor, reason: 'accepted on the page', rejectedToo: true });
    },
    async keep(key, actor) {
      const [stuck] = await stuckModels(pool, 0.2, key);
      if (stuck === undefined) throw new ActionRefused(`${key} waits for no decision any more.`, 404);
      await keepChampion(pool, stuck, { actor, reason: 'kept on the page' });
    },
    async retrainWithout(key, actor) {
      await queue.add('retrain', { modelKey: key, actor, without: true });
    },
    async approve(key, actor) {
      await decide(key, { approve: true, actor, reason: 'approved on the page' });
    },
    async decline(key, reason, actor) {
      await decide(key, { approve: false, actor, reason });
    },
    async cancel(key) {
      const run = started.get(key);
      if (run === undefined) throw new ActionRefused(`No retrain of ${key} is under way.`);
      started.delete(key);
      await addRunState(pool, run, key, 'cancelled', {});
    },
    async rollback(key, version, actor) {
      const { rowCount } = await pool.query(
        `SELECT 1 FROM model_versions WHERE model_key = $1 AND version = $2 AND state = 'published'`,
        [key, version],
      );
      if (rowCount === 0) throw new ActionRefused(`${key} has no published version ${version}.`, 404);
      await activate(pool, key, version, 'rollback', actor);
    },
    async pin(key, version, pinned) {
      await pool.query('UPDATE model_versions SET pinned = $3 WHERE model_key = $1 AND version = $2', [
        key,
        version,
        pinned,
      ]);
    },
    async finish(key) {
      const run = started.get(key);
      if (run === undefined) throw new Error(`no retrain of ${key} was started`);
      started.delete(key);
      await pool.query(
        `INSERT INTO model_versions (model_key, kind, stream, version, state, data_from, data_until, samples, seed, threshold,
            format, code_version, metrics, fencing_token)
          SELECT model_key, kind, stream, 4, 'published', data_from, $2, samples, 2, 1.1, 1, '0.1.0', metrics, 9
          FROM model_versions WHERE model_key = $1 AND version = 2`,
        [key, new Date(NOW)],
      );
      await activate(pool, key, 4, 'retrained by hand', 'operator');
      await addRunState(pool, run, key, 'published', { message: 'version 4' });
    },
  };
}
