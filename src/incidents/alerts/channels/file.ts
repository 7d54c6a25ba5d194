import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Notice } from '../alert.js';
import type { ChannelOf } from '../channelSettings.js';
import { noticeObject } from '../words.js';
import type { AlertChannel } from './channel.js';

/** Appends a JSON object a line, in one write, so that readers never see half a line of this process. */
export class FileChannel implements AlertChannel {
  readonly name: string;

  constructor(private readonly settings: ChannelOf<'file'>) {
    this.name = settings.name;
  }

  async send(notices: readonly Notice[]): Promise<void> {
    const { path } = this.settings;
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, notices.map((notice) => `${JSON.stringify(noticeObject(notice))}\n`).join(''));
  }

  async close(): Promise<void> {}
}
