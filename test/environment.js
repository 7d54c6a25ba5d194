import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's own code runs in a realm that it makes for each file; the tests run in that of Node.js (see runtime.cjs).
 * `expect` checks `instanceof Error`, `instanceof ArrayBuffer` and the like: it must see the constructors of the tests,
 * or two errors with different messages would be equal.
 */
export default class SharedConstructors extends TestEnvironment {
  constructor(...args) {
    super(...args);
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      const value = Object.getOwnPropertyDescriptor(globalThis, name).value;
      if (/^[A-Z]/.test(name) && typeof value === 'function') this.global[name] = value;
    }
  }
}
