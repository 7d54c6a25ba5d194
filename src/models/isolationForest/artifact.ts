import { BadArtifact } from '../model.js';
import { depthOf, type Forest } from './forest.js';

/**
 * The forest as bytes, little-endian: "RWIF", then as 32-bit integers format, columns, trees, sample, depth and nodes,
 * then roots, left (int32), split, path (float32), feature, size (uint16).
 */
const MAGIC = 0x46495752;
const FORMAT = 1;
const HEADER_WORDS = 7;
const BYTES_PER_NODE = 16;

export function encodeForest(forest: Forest): Uint8Array {
  const nodes = forest.feature.length;
  const bytes = new Uint8Array(HEADER_WORDS * 4 + forest.trees * 4 + nodes * BYTES_PER_NODE);
  const view = new DataView(bytes.buffer);
  [MAGIC, FORMAT, forest.columns, forest.trees, forest.sample, forest.depth, nodes].forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  let at = HEADER_WORDS * 4;
  for (const list of [forest.roots, forest.left]) for (const v of list) view.setInt32((at += 4) - 4, v, true);
  for (const list of [forest.split, forest.path]) for (const v of list) view.setFloat32((at += 4) - 4, v, true);
  for (const list of [forest.feature, forest.size]) for (const v of list) view.setUint16((at += 2) - 2, v, true);
  return bytes;
}

/** @throws BadArtifact when the bytes are cut, of another format, or would lead a walk out of the forest */
export function decodeForest(bytes: Uint8Array): Forest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_WORDS * 4 || view.getUint32(0, true) !== MAGIC) throw new BadArtifact('not a forest');
  const [format, columns, trees, sample, depth, nodes] = [1, 2, 3, 4, 5, 6].map((i) => view.getUint32(i * 4, true)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (format !== FORMAT) throw new BadArtifact(`forest of format ${format}, this program reads ${FORMAT}`);
  // a walk takes as many steps as it says here
  if (depth !== depthOf(sample)) throw new BadArtifact(`forest of depth ${depth} for samples of ${sample}`);
  if (bytes.length !== HEADER_WORDS * 4 + trees * 4 + nodes * BYTES_PER_NODE) throw new BadArtifact('forest is cut');
  let at = HEADER_WORDS * 4;
  const int = (n: number): Int32Array => Int32Array.from({ length: n }, () => view.getInt32((at += 4) - 4, true));
  const float = (n: number): Float32Array =>
    Float32Array.from({ length: n }, () => view.getFloat32((at += 4) - 4, true));
  const short = (n: number): Uint16Array => Uint16Array.from({ length: n }, () => view.getUint16((at += 2) - 2, true));
  const roots = int(trees);
  const left = int(nodes);
  const split = float(nodes);
  const path = float(nodes);
  const feature = short(nodes);
  const size = short(nodes);
  const outside = (node: number): boolean => node < 0 || node >= nodes;
  if (roots.some(outside) || feature.some((c) => c >= columns)) throw new BadArtifact('forest with a wrong node');
  if (left.some((to, node) => to !== node && (to <= node || to + 1 >= nodes))) {
    throw new BadArtifact('forest with a wrong node');
  }
  return { columns, trees, sample, depth, roots, feature, split, left, size, path };
}
