import { migrate } from '../../../src/storage/migrations.js';
import type { Fault } from './fault.js';

/** An older program started on the database of a newer one must refuse, and change nothing. */
export const newerSchema: Fault = {
  name: 'a database of a newer schema',
  hindrance: () => null,
  async strike({ pool, postgres }) {
    const name = '9999_from_the_future';
    await pool.query('INSERT INTO routewarden_migrations (name, run_on) VALUES ($1, now())', [name]);
    try {
      const refusal = await migrate(postgres.steadyUrl, () => {}).then(
        () => null,
        (error: Error) => error.message,
      );
      if (!refusal?.includes(name)) throw new Error(`a newer schema was not refused: ${refusal}`);
    } finally {
      await pool.query('DELETE FROM routewarden_migrations WHERE name = $1', [name]);
    }
    return [];
  },
};
