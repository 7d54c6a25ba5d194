import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type IncidentActs, incidentActs } from '../acts/incidents.js';
import { readNumber } from './modelArguments.js';
import { printJson, say } from './output.js';
import { withDatabase } from './store.js';

/** What people say about an incident: that they look after it, who does, and what they found. */
export function registerIncidentMarks(incidents: Command, program: Command): void {
  const add = (
    name: string,
    summary: string,
    word: { name: string; about: string } | null,
    example: string,
    run: (acts: IncidentActs, id: number, text: string) => Promise<string>,
  ) => {
    const command = incidents.command(name).description(summary).argument('<id>', 'its number');
    if (name === 'acknowledge') command.alias('ack');
    if (word !== null) command.argument(word.name, word.about);
    command
      .option('--json', 'as JSON')
      .addHelpText('after', `\nExample:\n  routewarden incidents ${example}`)
      .action(async (...given: unknown[]) => {
        const [text] = given as [string];
        const said = word === null ? '' : (given[1] as string | undefined);
        // --json may have been read by the command above this one.
        const options = (given.at(-1) as Command).optsWithGlobals<{ json?: boolean }>();
        const id = readNumber(text);
        const words = await withDatabase(program, ({ pool }) => run(incidentActs(pool), id, said ?? ''));
        if (options.json) printJson({ incident: id, [name]: said ?? null });
        else say(`incident ${id}: ${words}`);
      });
  };
  const by = { actor: userInfo().username, reason: 'by hand' };
  add(
    'acknowledge',
    'Acknowledge it: no notices when it grows, unless its severity rises.',
    null,
    'acknowledge 12',
    async (acts, id) => {
      await acts.acknowledge(id, by);
      return 'acknowledged';
    },
  );
  add(
    'assign',
    'Assign it to somebody; without a name, to nobody.',
    { name: '[name]', about: 'a person or a team' },
    'assign 12 ada',
    async (acts, id, to) => {
      await acts.assign(id, to === '' ? null : to, by);
      return to === '' ? 'assigned to nobody' : `assigned to ${to}`;
    },
  );
  add(
    'comment',
    'Add to its thread.',
    { name: '<text>', about: 'what was found or done' },
    'comment 12 "AS64500 was called"',
    async (acts, id, text) => {
      await acts.comment(id, text, by);
      return 'comment added';
    },
  );
}
