import { TestEnvironment } from 'jest-environment-node';

/**
 * Shares the typed arrays of the outer realm with the tests: tfjs and the WebAssembly backend check `instanceof
 * Float32Array`, which fails across the realm that Jest makes for each file.
 */
export default class SharedArrays extends TestEnvironment {
  constructor(...args) {
    super(...args);
    for (const type of [
      Float32Array,
      Float64Array,
      Int32Array,
      Uint32Array,
      Uint16Array,
      Int16Array,
      Uint8Array,
      Int8Array,
      Uint8ClampedArray,
      BigInt64Array,
      BigUint64Array,
      ArrayBuffer,
      SharedArrayBuffer,
    ]) {
      this.global[type.name] = type;
    }
  }
}
