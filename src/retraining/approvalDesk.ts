import type { Queue } from 'bullmq';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type ApprovalPayload, showWaiting } from '../../queues/approval.js';
import type { RetrainPayload } from '../../queues/retrain.js';
import type { ModelKey } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import { watermark } from '../storage/activations.js';
import {
  type Approval,
  approvals,
  approvedWithoutRun,
  decideApproval,
  expiredApprovals,
  setApprovalRun,
} from '../storage/approvals.js';
import { appendAudit } from '../storage/audit.js';
import { driftReportById } from '../storage/driftReports.js';
import { eachAlone } from './eachAlone.js';
import { retrainPayload } from './payload.js';
import { requestRetrain } from './request.js';
import type { RetrainingSettings } from './settings.js';

/** Nothing of that model waits, or somebody was faster. */
export class NothingWaits extends Error {
  constructor(modelKey: ModelKey) {
    super(`no retraining of ${modelKey} waits for approval`);
    this.name = 'NothingWaits';
  }
}

export interface ApprovalDeskOptions {
  pool: Pool;
  queue: Queue<RetrainPayload>;
  settings: RetrainingSettings;
}

const EXPIRY = 'expiry';
/** Runs of an approval that could not be queued. */
const NOT_QUEUED = 'not queued';

/** Where retrainings wait for a person: approves, declines, lets expire, and queues what was approved. */
export class ApprovalDesk {
  constructor(private readonly options: ApprovalDeskOptions) {}

  /** @throws NothingWaits */
  async decide(
    modelKey: ModelKey,
    decision: { approve: boolean; actor: string; reason: string },
  ): Promise<{ approval: Approval; job: string | null; refused: string | null }> {
    const [waiting] = await approvals(this.options.pool, { modelKey, waiting: true });
    const decided = waiting && (await this.#settle(waiting, decision));
    if (!decided) throw new NothingWaits(modelKey);
    if (!decision.approve) return { approval: decided, job: null, refused: null };
    return { approval: decided, ...(await this.#enqueue(decided)) };
  }

  /** Decides what nobody decided in time, and queues what was approved by one that died before it could. @returns how many */
  async look(logger: Logger): Promise<number> {
    const { pool } = this.options;
    let done = 0;
    const expire = async (late: Approval) => {
      const reason = `nobody decided until ${late.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
      const approve = late.onExpiry === 'approve';
      if ((await this.#settle(late, { approve, actor: EXPIRY, reason, expired: true })) === null) return;
      logger.info(
        { model: late.modelKey },
        `the retraining of ${late.modelKey} is ${approve ? 'approved' : 'declined'}: ${reason}`,
      );
      done++;
    };
    const queueIt = async (approved: Approval) => {
      const { refused } = await this.#enqueue(approved);
      if (refused !== null)
        logger.warn(
          { model: approved.modelKey },
          `${approved.modelKey} is not retrained although approved: ${refused}`,
        );
      done++;
    };
    const nameOf = ({ id, modelKey }: Approval) => `approval ${id} of ${modelKey}`;
    await eachAlone(await expiredApprovals(pool), nameOf, expire);
    await eachAlone(await approvedWithoutRun(pool), nameOf, queueIt);
    return done;
  }

  /** A job of Bull Board's list came due, or a person promoted it. */
  async due(id: number): Promise<string> {
    const [row] = (await approvals(this.options.pool, { waiting: true })).filter((waiting) => waiting.id === id);
    if (row === undefined) return 'decided already';
    if (row.expiresAt.getTime() <= Date.now()) return 'expired';
    const { refused } = await this.decide(row.modelKey, {
      approve: true,
      actor: 'operator (Bull Board)',
      reason: 'promoted in Bull Board',
    });
    return refused ?? 'approved';
  }

  /** Brings Bull Board's list up to date. */
  async show(queue: Queue<ApprovalPayload>): Promise<void> {
    const rows = await approvals(this.options.pool, { waiting: true });
    await showWaiting(queue, await Promise.all(rows.map((row) => this.#shown(row))));
  }

  async #shown(row: Approval): Promise<ApprovalPayload> {
    const payload = retrainPayload.safeParse(row.payload).data;
    const report =
      payload?.trigger.kind === 'drift' ? await driftReportById(this.options.pool, payload.trigger.reportId) : null;
    return {
      approval: row.id,
      model: row.modelKey,
      reason: row.reason,
      expires: row.expiresAt.toISOString(),
      onExpiry: row.onExpiry,
      report: report?.report ?? null,
    };
  }

  async #settle(
    { id, modelKey }: Approval,
    decision: { approve: boolean; actor: string; reason: string; expired?: boolean },
  ): Promise<Approval | null> {
    const { kind, stream } = parseModelKey(modelKey);
    return decideApproval(this.options.pool, id, {
      ...decision,
      watermark: await watermark(this.options.pool, kind, stream),
    });
  }

  async #enqueue(approval: Approval): Promise<{ job: string | null; refused: string | null }> {
    const { pool, queue, settings } = this.options;
    const payload = retrainPayload.safeParse(approval.payload);
    const answer = payload.success
      ? await requestRetrain(pool, queue, payload.data, settings, true)
      : { admitted: false as const, reason: 'its payload can no longer be read' };
    if (answer.admitted) {
      await setApprovalRun(pool, approval.id, answer.run);
      return { job: answer.jobId, refused: null };
    }
    await setApprovalRun(pool, approval.id, NOT_QUEUED);
    await appendAudit(pool, {
      actor: 'storm policy',
      action: 'retrain failed',
      target: approval.modelKey,
      detail: { approval: approval.id, error: answer.reason },
    });
    return { job: null, refused: answer.reason };
  }
}
