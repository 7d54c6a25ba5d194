/** A column of twice the length that begins with the values of this one. */
export function widened<T extends Uint8Array | Uint32Array | Float64Array>(column: T): T {
  const wider = new (column.constructor as new (length: number) => T)(column.length * 2);
  wider.set(column);
  return wider;
}
