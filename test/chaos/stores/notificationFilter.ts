import { Transform, type TransformCallback } from 'node:stream';

export type NotificationMode = 'pass' | 'drop' | 'double';

const NOTIFICATION = 'A'.charCodeAt(0);
const HEADER = 5;

/**
 * Follows the messages that PostgreSQL sends (a type byte and a length:
 * https://www.postgresql.org/docs/current/protocol-message-formats.html) and drops or doubles its notifications.
 */
export class NotificationFilter extends Transform {
  private header = Buffer.alloc(0);
  /** Bytes of the present message that are still to come. */
  private left = 0;
  private held: Buffer[] | null = null;

  constructor(
    private readonly mode: () => NotificationMode,
    private readonly onNotification: () => void,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.left > 0 ? this.body(rest) : this.begin(rest);
    done();
  }

  private begin(bytes: Buffer): Buffer {
    const taken = bytes.subarray(0, HEADER - this.header.length);
    this.header = Buffer.concat([this.header, taken]);
    if (this.header.length === HEADER) {
      this.left = this.header.readInt32BE(1) - 4;
      if (this.header[0] === NOTIFICATION) this.held = [this.header];
      else this.push(this.header);
      this.header = Buffer.alloc(0);
      if (this.left === 0) this.whole();
    }
    return bytes.subarray(taken.length);
  }

  private body(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.left);
    this.left -= part.length;
    if (this.held) this.held.push(part);
    else this.push(part);
    if (this.left === 0) this.whole();
    return bytes.subarray(part.length);
  }

  private whole(): void {
    if (!this.held) return;
    const message = Buffer.concat(this.held);
    this.held = null;
    const mode = this.mode();
    if (mode !== 'pass') this.onNotification();
    if (mode !== 'drop') this.push(message);
    if (mode === 'double') this.push(message);
  }
}
