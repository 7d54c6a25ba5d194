import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { boundWords } from '../collection/boundWatch.js';
import { type ReplaySummary, replayInto } from '../collection/replaySession.js';
import type { Settings } from '../config/settings.js';
import { readLabelledMinutes } from '../evaluation/labelledMinutes.js';
import { DirectoryTakesNothing } from '../storage/directoryRoom.js';
import { StageLocks } from '../storage/stageLocks.js';
import { forgetEmptyStream, listStreams, registerStream } from '../storage/streams.js';
import { plural } from '../words/plural.js';
import { valueFault } from '../words/valueFault.js';
import { age, minuteText, printJson, say, UsageError } from './output.js';
import { fillStore } from './store.js';
import { holdingsInWords, TableDisplay } from './tableDisplay.js';
import { terminalLog } from './terminalLog.js';

const LOCK_MILLISECONDS = 3_000;
/** Enough to store what is under way; a store that takes nothing is not waited for any longer. */
const END_MILLISECONDS = 8_000;

const optionsSchema = z.object({
  stream: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/i, 'expected letters, digits, dots, dashes'),
  speed: z.coerce.number().positive().optional(),
  day: z.iso.date({ error: 'expected a date such as 2003-01-25' }),
  json: z.boolean().default(false),
});

const EXAMPLES = `
Examples:
  routewarden replay updates.20100227.1600.gz --stream leak2010
  routewarden replay monday.jsonl.gz tuesday.jsonl.gz --stream test --speed 60
  routewarden replay bview.20260108.0000.gz updates.20260108.*.gz --stream january
  routewarden replay Slammer.csv --stream slammer --day 2003-01-23 --json

FILE is MRT (plain, gzip, bzip2), RIS Live messages one a line (likewise), or labelled feature rows (CSV); files are
played in the order given. The first may be a table dump (bview, rib): its routes are known then without being news, and the
stream needs no hour to warm up. A stream with "replay": true in the settings is scored by the
running services as it comes.

Of a compressed file that is cut, what comes before the cut is played.

Exit codes: 0 done, 1 a file is cut or could not be read, or the stream is in use, 2 wrong usage.`;

function inWords(summary: ReplaySummary): string {
  const { stream, files, messages, tableEntries, skipped, skippedBytes, gaps, rows, watermark, seconds, cut } = summary;
  const what = `${plural(messages, 'message')}${rows > 0 ? ` and ${plural(rows, 'feature row')}` : ''}`;
  const table = tableEntries > 0 ? `${plural(tableEntries, 'route')} of a table, ` : '';
  return (
    `${stream}: ${table}${what} of ${plural(files, 'file')} in ${age(seconds)}, ${skipped} skipped, ${plural(gaps, 'gap')}` +
    (skippedBytes === 0 ? '' : `, ${skippedBytes} bytes passed over`) +
    (cut.length === 0 ? '' : `; cut short: ${cut.map(({ path }) => path).join(', ')}`) +
    (watermark === null ? '' : `; minutes until ${minuteText(watermark)}`)
  );
}

/** Playing alone judges nothing: who does, and where what is found is to be seen. */
function nextStep(stream: string, served: boolean, { streams }: Settings): string {
  if (served) return `the running services judge it now: \`routewarden incidents --stream ${stream}\``;
  return streams.some(({ name, replay }) => name === stream && replay)
    ? 'it is judged once the system runs: `routewarden start`'
    : `to have it judged, put {"name": "${stream}", "replay": true} under "streams" in the settings, then \`routewarden start\``;
}

/**
 * The locks of the stages that a replay stands in for. A running aggregator keeps its own, and aggregates what is played.
 * @returns whether the stream is served
 */
async function takeLocks(
  databaseUrl: string,
  stream: string,
  onLost: (error: Error) => void,
): Promise<{ locks: StageLocks; served: boolean }> {
  const locks = new StageLocks(databaseUrl, 'replay');
  const take = (stage: string) => locks.take(stage, stream, onLost, AbortSignal.timeout(LOCK_MILLISECONDS));
  try {
    await take('collector');
  } catch (error) {
    await locks.close();
    throw new Error(
      `a live feed or another replay fills stream ${stream}: choose another --stream, or give it "replay": true in the settings`,
      { cause: error },
    );
  }
  try {
    await take('aggregator');
    return { locks, served: false };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return { locks, served: true };
    await locks.close();
    throw error;
  }
}

export function register(program: Command): void {
  program
    .command('replay')
    .description('Play MRT files, recorded RIS Live messages or feature rows into a stream.')
    .argument('<files...>', 'what to play')
    .option('--stream <name>', 'the stream to write to', 'replay')
    .option('--speed <n>', 'event time runs n times as fast as the clock (default: as fast as it goes)')
    .option('--day <date>', 'day of the first row of feature files, whose clock has no date', '2000-01-01')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], given: unknown) => {
      const parsed = optionsSchema.safeParse(given, { error: valueFault });
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        throw new UsageError(`option ${issue.path.join('.')}: ${issue.message}`);
      }
      const { stream, speed, day, json } = parsed.data;
      // Before a database is made for it.
      for (const path of paths) await access(path);
      const ending = new AbortController();
      const interrupted = () => {
        ending.abort(new Error('interrupted: what was played so far is kept'));
        setTimeout(() => {
          say(`interrupted, and ended: the store did not answer for ${END_MILLISECONDS / 1000} s`);
          process.exit(1);
        }, END_MILLISECONDS).unref();
      };
      // Until all is closed: a signal without somebody who hears it would end the process on the spot, without a word.
      process.once('SIGINT', interrupted);
      process.once('SIGTERM', interrupted);
      const playing = fillStore(program, async ({ settings, pool, databaseUrl }) => {
        const { locks, served } = await takeLocks(databaseUrl, stream, (error) => ending.abort(error));
        try {
          const known = (await listStreams(pool)).includes(stream);
          await registerStream(pool, stream, { replay: true });
          const display = new TableDisplay();
          const summary = await replayInto({
            pool,
            served,
            stream,
            paths,
            speed,
            graceSeconds: settings.feed.graceSeconds,
            bounds: { maximumRoutes: settings.features.routes, maximumPeers: settings.features.peers },
            onTable: (progress) => display.show(progress),
            firstDay: Date.parse(day) / 60_000,
            readFeatures: (text) => {
              const { block, skipped, sample } = readLabelledMinutes(text);
              if (skipped > 0) say(`skipped ${skipped} lines that are not rows, such as: ${sample}`);
              return block;
            },
            logger: terminalLog('warn'),
            signal: ending.signal,
          }).catch(async (error: unknown) => {
            const isFull = settings.databaseUrl === undefined && /No space left/.test((error as Error).message);
            const fault = isFull ? new DirectoryTakesNothing(settings.dataDirectory, 'ENOSPC') : (error as Error);
            // The fault is what matters, not what it has kept from being tidied.
            if (!known)
              await forgetEmptyStream(pool, stream).catch(({ message }) => say(`${stream} stays: ${message}`));
            if (!ending.signal.aborted || error === ending.signal.reason) throw fault;
            throw new Error(`interrupted, while ${fault.message}`, { cause: error });
          });
          display.stop();
          ending.signal.throwIfAborted();
          const { holdings, tableEntries } = summary;
          if (tableEntries > 0 && holdings !== null) say(holdingsInWords(holdings));
          const bound = holdings && boundWords(holdings, settings.features);
          if (bound) say(bound);
          if (json) printJson(summary);
          else process.stdout.write(`${inWords(summary)}\n`);
          const { messages, rows, skipped, watermark } = summary;
          const isEmpty = rows + tableEntries === 0 && (messages === 0 || (skipped >= messages && watermark === null));
          if (isEmpty && !known) await forgetEmptyStream(pool, stream);
          if (isEmpty) say('nothing in these files is an MRT record, a RIS Live message or a feature row');
          if (isEmpty || summary.cut.length > 0) process.exitCode = 1;
          if (!isEmpty && !json) say(nextStep(stream, served, settings));
        } finally {
          await locks.close();
        }
      });
      await playing.finally(() => {
        process.off('SIGINT', interrupted);
        process.off('SIGTERM', interrupted);
      });
    });
}
