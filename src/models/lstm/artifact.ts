import { z } from 'zod';
import { type ArtifactFile, BadArtifact } from '../model.js';
import { decodePreparation, preparationSchema } from '../preparation/preparation.js';
import { calibrationSchema } from '../threshold.js';
import { parameterCount, weightsOf } from './architecture.js';
import type { LstmModel } from './detector.js';
import { topologyOf } from './topology.js';
import { STEPS } from './windows.js';

/** What the stock model.json carries besides the network, under `userDefinedMetadata`. */
const metadataSchema = z.object({
  format: z.literal(1),
  kind: z.literal('lstm'),
  architecture: z.object({
    steps: z.literal(STEPS),
    features: z.number().int().positive(),
    hidden: z.number().int().positive().max(256),
  }),
  preparation: preparationSchema,
  typical: z.array(z.number().positive()),
  calibration: calibrationSchema,
  threshold: z.number(),
  training: z.object({ epochs: z.number().int().nonnegative(), heldBackLoss: z.number(), windows: z.number().int() }),
});
const modelSchema = z.object({
  format: z.literal('layers-model'),
  userDefinedMetadata: metadataSchema,
});

/** A stock tfjs LayersModel: `tf.loadLayersModel` reads it anywhere. */
export function encodeArtifact(model: LstmModel): ArtifactFile[] {
  const { architecture, weights, ...rest } = model;
  const manifest = weightsOf(architecture).map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const json = {
    format: 'layers-model',
    generatedBy: 'Routewarden',
    convertedBy: null,
    modelTopology: topologyOf(architecture),
    weightsManifest: [{ paths: ['weights.bin'], weights: manifest }],
    userDefinedMetadata: { format: 1, kind: 'lstm', architecture, ...rest },
  };
  return [
    { name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(json)) },
    { name: 'weights.bin', bytes: littleEndian(weights) },
  ];
}

/** @throws BadArtifact */
export function decodeArtifact(files: ArtifactFile[]): LstmModel {
  let metadata: z.infer<typeof metadataSchema>;
  try {
    metadata = modelSchema.parse(
      JSON.parse(new TextDecoder().decode(bytesOf(files, 'model.json'))),
    ).userDefinedMetadata;
    decodePreparation(metadata.preparation);
  } catch (error) {
    throw error instanceof BadArtifact ? error : new BadArtifact(`model.json: ${(error as Error).message}`);
  }
  const { format: _format, kind: _kind, ...rest } = metadata;
  const { architecture, preparation, typical } = rest;
  if (preparation.columns !== architecture.features || typical.length !== architecture.features) {
    throw new BadArtifact('network and preparation do not fit each other');
  }
  const bytes = bytesOf(files, 'weights.bin');
  const count = parameterCount(architecture);
  if (bytes.length !== count * 4) throw new BadArtifact(`weights.bin has ${bytes.length} bytes, expected ${count * 4}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const weights = Float32Array.from({ length: count }, (_, i) => view.getFloat32(i * 4, true));
  if (!weights.every(Number.isFinite)) throw new BadArtifact('weights.bin holds a weight that is not a finite number');
  return { ...rest, weights };
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setFloat32(i * 4, value, true);
  });
  return bytes;
}

function bytesOf(files: ArtifactFile[], name: string): Uint8Array {
  const file = files.find((f) => f.name === name);
  if (file === undefined) throw new BadArtifact(`${name} is missing`);
  return file.bytes;
}
