import { MODEL_KINDS } from '../models/model.js';
import { detectorStage } from './detectorStep.js';
import { ENSEMBLE } from './ensembleStep.js';

/** The stages that give a verdict on minutes which come, or are healed, behind their cursors. */
export const LATE_SCORING: readonly string[] = [...MODEL_KINDS.map(detectorStage), ENSEMBLE];
