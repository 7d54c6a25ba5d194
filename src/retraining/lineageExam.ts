import type { ModelKind } from '../models/model.js';
import { findExam } from '../storage/exams.js';
import type { Champion } from './champion.js';
import { decodeExam, type ExamReference, encodeExam, makeExam, takeExam } from './exam.js';
import type { GateEvidence } from './gate.js';
import type { TrainingRun } from './trainingRun.js';
import type { RegimeWindow } from './windowSelection.js';

/**
 * Challenger and champion take the exam of their lineage; the first version of a lineage brings it. After a step of the
 * level the challenger begins a lineage: anomalies sized for the old level are lost in the new one, or trivial. Its exam
 * is sized by its own window, and its recall is measured against the old lineage's first version: relative to its regime
 * a version must find as much as the first did in its own.
 */
export async function examine(
  training: TrainingRun,
  kind: ModelKind<unknown>,
  model: unknown,
  {
    champion,
    lineage,
    window,
    seed,
  }: { champion: Champion | null; lineage: number; window: RegimeWindow; seed: number },
): Promise<{ results: NonNullable<GateEvidence['exam']>; bytes: Buffer; isNew: boolean } | null> {
  const { modelKey } = training.payload;
  const stored = await findExam(training.pool, modelKey, lineage);
  if (stored && champion && window.step) {
    const exam = makeExam(window.training, kind.context, seed);
    if (exam) {
      const challenger = await takeExam(kind, model, exam, training.settings);
      return {
        results: { challenger, champion: null, reference: stored.reference as ExamReference },
        bytes: encodeExam(exam),
        isNew: true,
      };
    }
  }
  if (stored) {
    const exam = decodeExam(stored.bytes);
    return {
      results: {
        challenger: await takeExam(kind, model, exam, training.settings),
        champion: champion && (await takeExam(kind, champion.model, exam, training.settings)),
        reference: stored.reference as ExamReference,
      },
      bytes: stored.bytes,
      isNew: false,
    };
  }
  const exam = makeExam(window.training, kind.context, seed);
  if (!exam) return null;
  const challenger = await takeExam(kind, model, exam, training.settings);
  return { results: { challenger, champion: null, reference: challenger }, bytes: encodeExam(exam), isNew: true };
}
