/**
 * In which setting each documented command is run: what its placeholders stand for, which environment it needs beside the
 * folder's settings file, and what it must come to. Order: the settings' own.
 */
export interface Place {
  /** The running system's database. */
  databaseUrl: string;
}

export interface Setting {
  /** The command as it is written, brackets taken away. */
  line: RegExp;
  /** before: no system runs; running: it does, on this folder; after: it was stopped. */
  when: 'before' | 'running' | 'after';
  placeholders?: Record<string, string>;
  environment?: (place: Place) => Record<string, string>;
  /** Appended: what a machine on which other things run needs. */
  also?: string[];
  /** Goes on until told to stop; this is what it says once it is at work. */
  until?: RegExp;
  code?: number | readonly number[];
  /** Run once more, four times in all, while it prints this. */
  again?: RegExp;
  /** What it prints. */
  shows: RegExp;
}

const MODEL = 'isolation_forest@rrc00';
const anotherFolder = (name: string) => () => ({ ROUTEWARDEN_DATA_DIRECTORY: name });
const sameDatabase = ({ databaseUrl }: Place) => ({ DATABASE_URL: databaseUrl });

export const SETTINGS: readonly Setting[] = [
  // A database of its own: the archive's minutes are of today, the simulated feed's are not.
  {
    line: /^backfill --stream rrc00 --days 7$/,
    when: 'before',
    environment: anotherFolder('.archive'),
    shows: /rrc00: \d+ of \d+ lacking minutes written/,
  },
  {
    line: /^backfill --stream NAME$/,
    when: 'before',
    placeholders: { NAME: 'rrc00' },
    // The seven days of the default were asked for by the one above.
    also: ['--days', '1'],
    environment: anotherFolder('.archive-by-name'),
    shows: /rrc00: \d+ of \d+ lacking minutes written/,
  },
  {
    line: /^demo$/,
    when: 'before',
    also: ['--port', '0'],
    until: /1\. History/,
    shows: /page +http:\/\/127\.0\.0\.1:[1-9]/,
  },
  // The demo prints it, and writes its settings; once it has ended there is nothing to look at.
  {
    line: /^--config \.routewarden\/demo\/demo\.json status$/,
    when: 'before',
    code: 2,
    shows: /cannot read the settings file/,
  },
  // Played through in test/cli/drill.test.ts; here it writes the settings that the one below reads.
  { line: /^drill$/, when: 'before', until: /reload\n/, shows: /takes \S+ from AS\d+[\s\S]*over; drill\.json/ },
  {
    line: /^--config drill\.json start$/,
    when: 'before',
    environment: () => ({ ROUTEWARDEN_DASHBOARD_PORT: '0' }),
    until: /all services started/,
    shows: /stopping/,
  },
  { line: /^completion (bash|zsh|fish)$/, when: 'before', shows: /_routewarden|complete -c routewarden/ },
  { line: /^config$/, when: 'before', shows: /feed\.url .*file routewarden\.config\.json/ },
  { line: /^config --reference$/, when: 'before', shows: /^# Settings/ },
  { line: /^features --catalogue$/, when: 'before', shows: /^# Features/m },
  { line: /^features FILE$/, when: 'before', placeholders: { FILE: 'updates.gz' }, shows: /announcements of/ },
  { line: /^alerts test( (noc|CHANNEL))?$/, when: 'before', placeholders: { CHANNEL: 'noc' }, shows: /noc/ },

  { line: /^start$/, when: 'running', shows: /page: / },
  { line: /^status$/, when: 'running', shows: /drift-monitor +running[\s\S]*lstm@rrc00/ },
  // The feed is simulated and its time is not ours, which doctor finds; the code says whether it found anything.
  { line: /^doctor$/, when: 'running', code: [0, 1], shows: /ok +database/ },
  { line: /^models( MODEL)?$/, when: 'running', placeholders: { MODEL }, shows: /isolation_forest@rrc00 +1 +active/ },
  {
    line: /^incidents (acknowledge|assign|comment) ID/,
    when: 'running',
    placeholders: { ID: '1', NAME: 'ada', TEXT: 'seen' },
    shows: /incident 1: (acknowledged|assigned|comment)/,
  },
  { line: /^incidents show ID$/, when: 'running', placeholders: { ID: '1' }, shows: /^incident 1: / },
  { line: /^incidents( --limit 20)?$/, when: 'running', shows: /hijack/ },
  { line: /^alerts list( --open)?$/, when: 'running', shows: /severity/ },
  { line: /^alerts list --json$/, when: 'running', shows: /^\{"alerts":\[\{.*\]\}$/m },
  { line: /^silences list$/, when: 'running', shows: /no silence yet/ },
  { line: /^drift( --no-check| MODEL)?$/, when: 'running', placeholders: { MODEL }, shows: /window end/ },
  {
    line: /^retrain (MODEL|\w+@rrc00) --clear$/,
    when: 'running',
    placeholders: { MODEL },
    shows: /no failures|forgotten/,
  },
  // A forest of a short day is refused by the gate now and then; another seed is published.
  {
    line: /^retrain (MODEL|\w+@rrc00)$/,
    when: 'running',
    placeholders: { MODEL },
    again: /rejected version \d/,
    shows: /published version \d/,
  },
  {
    line: /^rollback (MODEL VERSION|lstm@rrc00)$/,
    when: 'running',
    placeholders: { MODEL, VERSION: '1' },
    shows: /version 1 serves from/,
  },
  {
    line: /^accept (MODEL VERSION|lstm@rrc00 7) --reason .*$/,
    when: 'running',
    placeholders: { MODEL, VERSION: '7' },
    shows: /version 7 serves from/,
  },
  {
    line: /^accept MODEL VERSION$/,
    when: 'running',
    placeholders: { MODEL, VERSION: '8' },
    shows: /version 8 serves from/,
  },
  // Without a terminal it shows what it would write, and refuses to write unasked.
  { line: /^init AS64500$/, when: 'running', also: ['--no-ripestat'], code: 1, shows: /nothing was written/ },
  {
    line: /^--config drill\.json init AS65030$/,
    when: 'running',
    also: ['--no-ripestat'],
    environment: sameDatabase,
    code: 1,
    shows: /nothing was written/,
  },
  {
    line: /^init AS AS$/,
    when: 'running',
    placeholders: { AS: '64501' },
    also: ['--json', '--no-ripestat'],
    shows: /64501/,
  },
  { line: /^rewind STREAM$/, when: 'running', code: 1, placeholders: { STREAM: 'rrc00' }, shows: /stop it first/ },
  { line: /^watch check$/, when: 'running', code: 1, shows: /nothing was compared yet/ },
  { line: /^approvals list$/, when: 'running', shows: /nothing waits for approval/ },
  // Spoken of by their names alone.
  { line: /^init$/, when: 'running', code: 2, shows: /missing required argument 'networks'/ },
  { line: /^approvals approve$/, when: 'running', code: 2, shows: /missing required argument 'model'/ },
  { line: /^approvals decline$/, when: 'running', code: 2, shows: /required option '--reason <text>'/ },
  { line: /^rollback$/, when: 'running', code: 2, shows: /missing required argument 'model'/ },
  { line: /^models runs( MODEL)?$/, when: 'running', placeholders: { MODEL }, shows: /published/ },
  // None is under way by then, which it says.
  {
    line: /^retrain (MODEL|\w+@rrc00) --cancel$/,
    when: 'running',
    placeholders: { MODEL },
    code: 1,
    shows: /No retraining of \w+@rrc00 is under way/,
  },
  {
    line: /^models show MODEL VERSION$/,
    when: 'running',
    placeholders: { MODEL, VERSION: '1' },
    shows: /sha256/i,
  },
  {
    line: /^models compare (MODEL LEFT RIGHT|lstm@rrc00 2 3)$/,
    when: 'running',
    placeholders: { MODEL, LEFT: '1', RIGHT: '7' },
    shows: /version/,
  },
  {
    line: /^models pin MODEL VERSION$/,
    when: 'running',
    placeholders: { MODEL: 'heuristic@rrc00', VERSION: '1' },
    shows: /pinned/,
  },
  { line: /^models prune MODEL$/, when: 'running', placeholders: { MODEL }, shows: /./ },
  { line: /^test-retraining$/, when: 'running', shows: /isolation_forest/ },
  {
    line: /^replay FILE$/,
    when: 'running',
    placeholders: { FILE: 'updates.gz' },
    shows: /replay/,
  },
  { line: /^evaluate --replay-db STREAM$/, when: 'running', placeholders: { STREAM: 'rrc00' }, shows: /ensemble/ },
  {
    line: /^evaluate FILE\.csv( .*)?$/,
    when: 'running',
    placeholders: { 'FILE.csv': 'minutes.csv', N: '360' },
    shows: /ensemble/,
  },
  { line: /^reload$/, when: 'running', shows: /process \d+/ },
  {
    line: /^--config drill\.json reload$/,
    when: 'running',
    environment: anotherFolder('.routewarden'),
    shows: /process \d+/,
  },
  {
    line: /^start (drift-monitor|SERVICE)$/,
    when: 'running',
    placeholders: { SERVICE: 'drift-monitor' },
    environment: sameDatabase,
    until: /drift-monitor started/,
    shows: /stopping/,
  },
  {
    line: /^run (trainer|SERVICE)$/,
    when: 'running',
    placeholders: { SERVICE: 'trainer' },
    environment: sameDatabase,
    until: /trainer runs as process/,
    shows: /Ctrl-C ends it/,
  },
  {
    line: /^backup (FILE|[a-z.-]+\.gz)$/,
    when: 'running',
    placeholders: { FILE: 'routewarden.backup.gz' },
    shows: /rows/,
  },
  { line: /^stop$/, when: 'running', shows: /stopped process/ },

  { line: /^--data-directory \.restored restore routewarden\.backup\.gz$/, when: 'after', shows: /rows/ },
  {
    line: /^restore FILE$/,
    when: 'after',
    placeholders: { FILE: 'routewarden.backup.gz' },
    environment: anotherFolder('.another'),
    shows: /rows/,
  },
];
