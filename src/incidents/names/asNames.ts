/** Names of networks by their AS numbers, as a file gives them. */
export class AsNames {
  readonly #names = new Map<number, string>();

  get size(): number {
    return this.#names.size;
  }

  add(asNumber: number, name: string): void {
    this.#names.set(asNumber, name);
  }

  /** undefined where the file does not name it. */
  nameOf(asNumber: number): string | undefined {
    return this.#names.get(asNumber);
  }
}
