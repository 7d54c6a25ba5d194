import { z } from 'zod';
import { MODEL_KINDS } from '../models/model.js';
import { parseModelKey } from '../models/modelKey.js';
import type { RetrainPayload } from './payload.js';

/** automatic: none waits; drift: those that drift asks for wait; all: every one waits that no person asked for. */
export const approvalMode = z.enum(['automatic', 'drift', 'all']);
export type ApprovalMode = z.infer<typeof approvalMode>;

export interface ApprovalSettings {
  approval: ApprovalMode;
  /** By kind, or by model. */
  approvalFor: Readonly<Record<string, ApprovalMode>>;
}

const KINDS: readonly string[] = MODEL_KINDS;

/** The name of a kind, or a model's key. */
export const approvalSubject = z.string().refine(
  (text) => {
    if (KINDS.includes(text)) return true;
    try {
      parseModelKey(text);
      return true;
    } catch {
      return false;
    }
  },
  { error: 'expected a kind such as lstm, or a model such as lstm@rrc00' },
);

/** What holds for a model: its own setting, else its kind's, else the general one. */
export function approvalModeOf(key: RetrainPayload['modelKey'], settings: ApprovalSettings): ApprovalMode {
  const { kind } = parseModelKey(key);
  return settings.approvalFor[key] ?? settings.approvalFor[kind] ?? settings.approval;
}

/** Whether a retraining waits for a person. What a person asked for does not. */
export function needsApproval(payload: RetrainPayload, settings: ApprovalSettings): boolean {
  const { kind } = payload.trigger;
  if (kind === 'manual') return false;
  const mode = approvalModeOf(payload.modelKey, settings);
  return mode === 'all' || (mode === 'drift' && kind === 'drift');
}
