/** Where each matrix lies: weights (and, alike, gradients and moments), packed weights, and one thread's workspace. */
import * as plan from './plan';

/** Addresses of one thread's shard: set by `lay` before any work, so no function carries twenty arguments. */
export let steps: i32 = 0;
export let features: i32 = 0;
export let hidden: i32 = 0;
export let gates: i32 = 0;

/** Address of the network's weights. */
export let weights: usize = 0;
/** Offsets within a set of weights; `parameters` ends it. */
export let encoderInput: usize = 0;
export let encoderState: usize = 0;
export let encoderBias: usize = 0;
export let decoderInput: usize = 0;
export let decoderState: usize = 0;
export let decoderBias: usize = 0;
export let outputWeights: usize = 0;
export let outputBias: usize = 0;

/** Offsets within the packed weights; `...Back` are the transposed ones of the backward pass. */
export let packedEncoderInput: usize = 0;
export let packedEncoderState: usize = 0;
export let packedEncoderStateBack: usize = 0;
export let packedDecoderInput: usize = 0;
export let packedDecoderInputBack: usize = 0;
export let packedDecoderState: usize = 0;
export let packedDecoderStateBack: usize = 0;
export let packedOutput: usize = 0;
export let packedOutputBack: usize = 0;

/** Addresses in the thread's workspace, for a shard of `capacity` windows. Time is the outermost dimension. */
export let input: usize = 0;
export let encoderGates: usize = 0;
export let decoderGates: usize = 0;
/** These start with one block of zeros, the state before the first minute. */
export let encoderCell: usize = 0;
export let encoderOutput: usize = 0;
export let decoderCell: usize = 0;
export let decoderOutput: usize = 0;
export let encoderSquashed: usize = 0;
export let decoderSquashed: usize = 0;
/** Reconstruction, then the loss's gradient for it. */
export let output: usize = 0;
export let decoderStart: usize = 0;
export let stateGradient: usize = 0;
export let cellGradient: usize = 0;
export let gateTotal: usize = 0;
export let zeros: usize = 0;
export let workspaceEnd: usize = 0;

/** For the work of one thread with one network. */
export function lay(table: usize, thread: i32, network: i32): void {
  steps = plan.steps(table);
  features = plan.features(table);
  hidden = plan.hidden(table);
  gates = 4 * hidden;
  const f = <usize>features << 2;
  const h = <usize>hidden << 2;
  const g = h << 2;
  const F = <usize>features;
  const H = <usize>hidden;

  encoderInput = 0;
  encoderState = encoderInput + F * g;
  encoderBias = encoderState + H * g;
  decoderInput = encoderBias + g;
  decoderState = decoderInput + H * g;
  decoderBias = decoderState + H * g;
  outputWeights = decoderBias + g;
  outputBias = outputWeights + H * f;

  weights = plan.weights(table) + <usize>network * (<usize>plan.parameters(table) << 2);
  const packed = plan.packed(table) + <usize>network * <usize>plan.packedBytes(table);
  packedEncoderInput = packed;
  packedEncoderState = packedEncoderInput + F * g;
  packedEncoderStateBack = packedEncoderState + H * g;
  packedDecoderInput = packedEncoderStateBack + H * g;
  packedDecoderInputBack = packedDecoderInput + H * g;
  packedDecoderState = packedDecoderInputBack + H * g;
  packedDecoderStateBack = packedDecoderState + H * g;
  packedOutput = packedDecoderStateBack + H * g;
  packedOutputBack = packedOutput + H * f;

  const n = <usize>plan.shardRows(table);
  const t = <usize>steps;
  input = plan.workspace(table) + <usize>plan.workspaceBytes(table) * <usize>thread;
  encoderGates = input + t * n * f;
  decoderGates = encoderGates + t * n * g;
  encoderCell = decoderGates + t * n * g;
  encoderOutput = encoderCell + (t + 1) * n * h;
  decoderCell = encoderOutput + (t + 1) * n * h;
  decoderOutput = decoderCell + (t + 1) * n * h;
  encoderSquashed = decoderOutput + (t + 1) * n * h;
  decoderSquashed = encoderSquashed + t * n * h;
  output = decoderSquashed + t * n * h;
  decoderStart = output + t * n * f;
  stateGradient = decoderStart + n * g;
  cellGradient = stateGradient + n * h;
  gateTotal = cellGradient + n * h;
  zeros = gateTotal + n * g;
  workspaceEnd = zeros + max<usize>(g, f);
}
