import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { openRetrainQueue } from '../../queues/retrain.js';
import { modelActs } from '../acts/models.js';
import { type Approval, approvals } from '../storage/approvals.js';
import { readKey } from './modelArguments.js';
import { printJson, say, table } from './output.js';
import { lookAt, withStore } from './store.js';

export function register(program: Command): void {
  const group = program
    .command('approvals')
    .description('List the retrainings that wait for a person; approve or decline them.')
    .addHelpText(
      'after',
      `
Examples:
  routewarden approvals list
  routewarden approvals approve lstm@rrc00
  routewarden approvals decline lstm@rrc00 --reason "maintenance until Friday"

Which retrainings wait is set by retraining.approval and retraining.approvalFor.`,
    );
  registerList(group, program);
  registerDecision(group, program, true);
  registerDecision(group, program, false);
}

function registerList(group: Command, program: Command): void {
  group
    .command('list')
    .description('List what waits, with the drift report that asked for it.')
    .option('--all', 'those that were decided as well')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  routewarden approvals list --all')
    .action(async (options: { all?: boolean; json?: boolean }) => {
      const rows = await lookAt(program, ({ pool }) => approvals(pool, { waiting: options.all !== true, limit: 100 }));
      if (options.json) return printJson({ approvals: rows.map(record) });
      if (rows.length === 0) return say('nothing waits for approval');
      const cells = rows.map((row) => [
        row.modelKey,
        row.state,
        minute(row.requestedAt),
        row.state === 'waiting' ? `${minute(row.expiresAt)}, then ${row.onExpiry}` : (row.decidedBy ?? ''),
        row.state === 'waiting' ? row.reason : (row.decisionReason ?? ''),
      ]);
      process.stdout.write(`${table(['model', 'state', 'asked for', 'expires / by', 'why'], cells)}\n`);
    });
}

function registerDecision(group: Command, program: Command, approve: boolean): void {
  const name = approve ? 'approve' : 'decline';
  const command = group
    .command(name)
    .description(
      approve
        ? 'Queue the retraining of a model that waits.'
        : 'Decline it: it is asked for again after the cool-down, if the drift lasts.',
    )
    .argument('<model>', 'such as lstm@rrc00');
  if (approve) command.option('--reason <text>', 'kept in the audit log', 'approved by hand');
  else command.requiredOption('--reason <text>', 'kept in the audit log');
  command
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `\nExample:\n  routewarden approvals ${name} lstm@rrc00 --reason "${approve ? 'a new peer since May' : 'a test of the collector'}"`,
    )
    .action(async (model: string, options: { reason: string; json?: boolean }) => {
      const modelKey = readKey(model);
      const by = { actor: userInfo().username, reason: options.reason };
      const { approval, job } = await withStore(program, ({ pool, queues, settings }) => {
        const acts = modelActs({ pool, queue: openRetrainQueue(queues), settings: settings.retraining });
        return approve ? acts.approve(modelKey, by) : acts.decline(modelKey, by);
      });
      if (options.json) printJson({ ...record(approval), job });
      else say(`${modelKey}: ${approve ? `approved, job ${job}` : 'declined'}`);
    });
}

const minute = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');

function record(row: Approval) {
  return {
    id: row.id,
    model: row.modelKey,
    state: row.state,
    reason: row.reason,
    requested_at: row.requestedAt.toISOString(),
    expires_at: row.expiresAt.toISOString(),
    on_expiry: row.onExpiry,
    decided_at: row.decidedAt?.toISOString() ?? null,
    decided_by: row.decidedBy,
    decision_reason: row.decisionReason,
    expired: row.expired,
    run: row.run,
    payload: row.payload,
  };
}
