import { z } from 'zod';

/** Settings of a fit; everything has a default. */
export const settingsSchema = z.object({
  /** Units of the encoder and of the decoder. */
  hidden: z.number().int().min(4).max(256).default(32),
  /** Most epochs; early stopping may end sooner. */
  epochs: z.number().int().min(1).max(500).default(10),
  /** Windows of a training step. */
  batch: z.number().int().min(4).max(1024).default(32),
  /** Windows that an epoch takes, spread evenly over the training window. */
  windowsPerEpoch: z.number().int().min(32).max(50_000).default(1024),
  /** Highest learning rate of the schedule. */
  learningRate: z.number().positive().max(0.1).default(0.01),
  /** Epochs without a better held-back loss before training stops. */
  patience: z.number().int().min(1).max(500).default(4),
  /** The gradient's norm is held to this. */
  clip: z.number().positive().default(1),
  /** Share of the newest windows that is held back for early stopping. */
  heldBackShare: z.number().min(0.02).max(0.5).default(0.1),
  /** A warm start takes these shares of epochs and of the learning rate. */
  warmEpochShare: z.number().positive().max(1).default(0.4),
  warmRateShare: z.number().positive().max(1).default(0.4),
  /** Threads that share a batch; the result does not depend on it. More than one pays only where cores are idle. */
  threads: z.number().int().min(1).max(64).default(1),
});
export type TrainingSettings = z.infer<typeof settingsSchema>;
