import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnDisk } from '../stores/ownDisk.js';
import type { Subject } from '../subject.js';
import type { Fault } from './fault.js';

const NO_DISK = 'no disk of its own could be mounted';

async function fillForAWhile(disk: OwnDisk, milliseconds: number): Promise<void> {
  try {
    await disk.fill();
    await sleep(milliseconds);
  } finally {
    await disk.empty();
  }
}

const hindrance = (diskOf: (subject: Subject) => OwnDisk) => (subject: Subject) =>
  diskOf(subject).isOwn ? null : NO_DISK;

export const fullDatabaseDisk: Fault = {
  name: 'a full disk under the database',
  hindrance: hindrance(({ postgres }) => postgres.disk),
  async strike({ postgres }, random) {
    await fillForAWhile(postgres.disk, 1_000 + random.integer(2_000));
    await postgres.settled();
    return null;
  },
};

/** Copies of versions and drift reports cannot be written: checks, publishes and what serves go on from the database. */
export const fullArtifactDisk: Fault = {
  name: 'a full disk under the artifacts',
  hindrance: hindrance(({ artifactDisk }) => artifactDisk),
  async strike({ artifactDisk }, random) {
    await fillForAWhile(artifactDisk, 1_000 + random.integer(4_000));
    return [];
  },
};
