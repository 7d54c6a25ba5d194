import type { Pool } from 'pg';
import type { DriftReport } from '../../src/drift/report.js';
import { MODEL_KINDS } from '../../src/models/model.js';
import { seededRandom } from '../../src/random/sfc32.js';

const MINUTE = 60_000;
export const STREAM = 'rrc00';
/** The watermark of the seeded stream. */
export const NOW = Date.UTC(2026, 2, 9, 12, 0);
export const HIJACK = { from: NOW - 190 * MINUTE, until: NOW - 168 * MINUTE, prefix: '203.0.113.0/24' };

/** `days` of minutes with scores of all models, one hijack that is over, versions, drift reports and retrains. */
export async function seedHistory(pool: Pool, days: number): Promise<void> {
  await pool.query(`INSERT INTO streams (name, source) VALUES ($1, '{"kind": "simulated"}')`, [STREAM]);
  await pool.query(
    `INSERT INTO update_batches (stream, position, kind, since, until, messages) VALUES ($1, 1, 'updates', $2, $3, 40)`,
    [STREAM, new Date(NOW - MINUTE), new Date(NOW - 4_000)],
  );
  await pool.query(
    `INSERT INTO feed_gaps (stream, since, until, reason, healed_at) VALUES ($1, $2, $3, 'connection lost', NULL)`,
    [STREAM, new Date(NOW - 600 * MINUTE), new Date(NOW - 585 * MINUTE)],
  );
  for (const kind of MODEL_KINDS) await seedModel(pool, kind);
  await seedMinutes(pool, days);
  await seedIncidents(pool);
  for (const name of [
    'collector',
    'aggregator',
    'heuristic',
    'isolation_forest',
    'lstm',
    'ensemble',
    'correlator',
    'drift',
    'trainer',
    'dashboard',
  ]) {
    await pool.query(
      `INSERT INTO services (instance, name, host, pid, state, restarts) VALUES ($1, $2, 'noc-1', 4242, 'running', $3)`,
      [`${name}-1`, name, name === 'lstm' ? 1 : 0],
    );
  }
}

async function seedMinutes(pool: Pool, days: number): Promise<void> {
  const random = seededRandom(7);
  const count = days * 1440;
  const columns: { minutes: Date[]; values: string[]; kinds: string[]; evidence: string[]; unrest: number[] } = {
    minutes: [],
    values: [],
    kinds: [],
    evidence: [],
    unrest: [],
  };
  for (let index = 0; index < count; index++) {
    const at = NOW - (count - index) * MINUTE;
    const hit = at >= HIJACK.from && at < HIJACK.until;
    const away = at >= NOW - 600 * MINUTE && at < NOW - 585 * MINUTE;
    const rhythm = 1 + 0.4 * Math.sin((at / MINUTE / 1440) * 2 * Math.PI);
    const values = new Array<number>(37).fill(0);
    const announcements = Math.round(rhythm * (180 + 60 * random()) * (hit ? 3 : 1));
    values[0] = announcements;
    values[1] = Math.round(rhythm * (20 + 10 * random()));
    values[2] = Math.round(announcements * 1.7);
    values[3] = Math.round((values[1] ?? 0) * 1.2);
    values[4] = 4 + random();
    values[7] = Math.round(announcements * 0.1);
    values[8] = Math.round(announcements * (hit ? 0.5 : 0.12));
    values[12] = hit ? 3.4 : 1.1 + random() * 0.3;
    columns.minutes.push(new Date(at));
    columns.values.push(`{${(away ? new Array<number>(37).fill(0) : values).join(',')}}`);
    columns.kinds.push(away ? 'gap' : 'observed');
    columns.evidence.push(JSON.stringify(hit ? evidenceOf(at) : {}));
    columns.unrest.push(away ? Number.NaN : hit ? 2.4 + 2 * random() : 0.2 + random() * 0.5);
  }
  await pool.query(
    `INSERT INTO features (stream, minute, kind, values, evidence)
      SELECT $1, minute, kind, values::real[], evidence::jsonb
      FROM unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[]) AS given (minute, kind, values, evidence)`,
    [STREAM, columns.minutes, columns.kinds, columns.values, columns.evidence],
  );
  const scored = columns.minutes.flatMap((minute, index) => {
    const unrest = columns.unrest[index] ?? Number.NaN;
    return Number.isNaN(unrest) ? [] : [{ minute, unrest }];
  });
  for (const [kind, scale] of [
    ['heuristic', 1],
    ['isolation_forest', 0.6],
    ['lstm', 0.02],
  ] as const) {
    await pool.query(
      `INSERT INTO scores (stream, kind, minute, version_id, score, surprise, threshold, anomalous, explanation)
        SELECT $1, $2, minute, (SELECT id FROM model_versions WHERE kind = $2 AND version = 2), score, score / $5, $5::float8,
          score > $5, CASE WHEN score > $5 THEN $6::jsonb END
        FROM unnest($3::timestamptz[], $4::float8[]) AS given (minute, score)`,
      [
        STREAM,
        kind,
        scored.map((row) => row.minute),
        scored.map((row) => row.unrest * scale),
        scale,
        JSON.stringify(REASONS[kind]),
      ],
    );
  }
  await pool.query(
    `INSERT INTO verdicts (stream, minute, score, threshold, anomalous, votes)
      SELECT $1, minute, score, 1, score > 1, $4::jsonb
      FROM unnest($2::timestamptz[], $3::float8[]) AS given (minute, score)`,
    [STREAM, scored.map((row) => row.minute), scored.map((row) => row.unrest), JSON.stringify(votes(false))],
  );
}

const REASONS = {
  heuristic: [
    { name: 'announcements', share: 0.7, words: 'announcements 612 a minute, limit 340', value: 612, limit: 340 },
  ],
  isolation_forest: [
    { name: 'averageEditDistance', share: 0.5, words: 'average AS path change 3.4, usually 1.2' },
    { name: 'implicitWithdrawals', share: 0.3, words: 'implicit withdrawals 310, usually 30' },
  ],
  lstm: [{ name: 'announced', share: 0.6, words: 'announced prefixes 1,040, expected 390' }],
};

export function votes(anomalous: boolean) {
  return Object.fromEntries(
    MODEL_KINDS.map((kind) => [
      kind,
      { surprise: anomalous ? 4.2 : 0.3, anomalous, ...(anomalous && { explanation: REASONS[kind] }) },
    ]),
  );
}

function evidenceOf(at: number) {
  const step = Math.floor((at - HIJACK.from) / MINUTE);
  const paths = [
    [3333, 1103, 64666],
    [2914, 174, 1299, 64666],
    [6939, 1299, 64666],
  ].slice(0, Math.min(3, 1 + Math.floor(step / 4)));
  return {
    prefixes: [{ name: HIJACK.prefix, count: 90 }],
    origins: [{ name: '64666', count: 90 }],
    peers: [{ name: '198.51.100.7', count: 40 }],
    newOrigins: paths.map((path, index) => ({
      prefix: HIJACK.prefix,
      origin: 64666,
      previousOrigins: [64500],
      peers: 4 + index * 5,
      path,
    })),
    moreSpecifics: [],
    newLinks: [{ left: 1299, right: 64666, routes: 12, prefixes: [HIJACK.prefix] }],
    withdrawn: [],
    resets: [],
    ...(step % 4 === 0 &&
      step < 12 && {
        paths: [
          {
            peer: `198.51.100.${step / 4 + 1}`,
            peerAs: paths.at(-1)![0]!,
            prefix: HIJACK.prefix,
            before: [paths.at(-1)![0]!, 1299, 64500],
            during: paths.at(-1)!,
          },
        ],
      }),
  };
}

export interface SeededIncident {
  stream?: string;
  from: number;
  until: number | null;
  class: string;
  severity: string;
  words: string;
  subject?: string;
  detail?: object;
}

/** @returns the incident's id */
export async function addIncident(pool: Pool, incident: SeededIncident): Promise<number> {
  const last = incident.until === null ? NOW - MINUTE : incident.until - MINUTE;
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO incidents (stream, started_at, ended_at, last_minute, peak_minute, peak_score, severity, class, reasons,
        models, culprits, detail, subject)
      VALUES ($1, $2, $3, $4, $5, 4.31, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
    [
      incident.stream ?? STREAM,
      new Date(incident.from),
      incident.until === null ? null : new Date(incident.until),
      new Date(last),
      new Date(Math.min(last, incident.from + 5 * MINUTE)),
      incident.severity,
      incident.class,
      JSON.stringify([{ class: incident.class, weight: 0.92, words: incident.words }]),
      ['heuristic', 'isolation_forest', 'lstm'],
      JSON.stringify({
        prefixes: [
          { name: HIJACK.prefix, count: 1840 },
          { name: '198.51.100.0/24', count: 120 },
        ],
        origins: [
          { name: '64666', count: 1840 },
          { name: '64500', count: 96 },
        ],
        peers: [
          { name: '198.51.100.7', count: 610 },
          { name: '2001:db8::7', count: 580 },
        ],
      }),
      JSON.stringify({ explanations: REASONS, ...incident.detail }),
      incident.subject ?? '',
    ],
  );
  return Number(rows[0]?.id);
}

async function seedIncidents(pool: Pool): Promise<void> {
  await addIncident(pool, {
    from: HIJACK.from,
    until: HIJACK.until,
    class: 'hijack',
    severity: 'critical',
    subject: 'AS64666',
    words: `AS64666 announces ${HIJACK.prefix}, which AS64500 alone announced until then; 14 of 18 peers follow`,
  });
  await addIncident(pool, {
    from: NOW - 900 * MINUTE,
    until: NOW - 880 * MINUTE,
    class: 'session reset',
    severity: 'minor',
    words: 'Peer 198.51.100.7 lost its session and announced its whole table again',
  });
}

async function seedModel(pool: Pool, kind: string): Promise<void> {
  const key = `${kind}@${STREAM}`;
  for (const version of [1, 2, 3]) {
    const rejected = version === 3;
    const metrics = {
      heldBack: {
        champion: version === 1 ? null : { anomalyRate: 0.004 },
        challenger: { anomalyRate: rejected ? 0.09 : 0.0031 },
      },
      exam: { challenger: { recall: 0.975 }, reference: { recall: 1 } },
      seconds: 1.5,
      reasons: [rejected ? 'flags 9 % of ordinary minutes, 2 % allowed' : '0.31 % of held-back minutes anomalous'],
    };
    await pool.query(
      `INSERT INTO model_versions (model_key, kind, stream, version, parent_id, state, data_from, data_until, samples, seed,
          threshold, format, code_version, metrics, fencing_token, created_at)
        VALUES ($1, $2, $3, $4, (SELECT max(id) FROM model_versions WHERE model_key = $1), $5, $6, $7, 10000, 1, 1, 1,
          '0.1.0', $8, 1, $9)`,
      [
        key,
        kind,
        STREAM,
        version,
        rejected ? 'rejected' : 'published',
        new Date(NOW - (12 - version) * 1440 * MINUTE),
        new Date(NOW - (5 - version) * 1440 * MINUTE),
        JSON.stringify(metrics),
        new Date(NOW - (5 - version) * 1440 * MINUTE),
      ],
    );
    if (!rejected)
      await activate(pool, key, version, version === 1 ? 'first version' : 'retrained after drift', 'system');
  }
  const random = seededRandom(kind.length);
  for (let hour = 30; hour >= 1; hour--) {
    const drifted = hour === 20;
    const outcome = drifted ? 'drifted' : hour === 21 || hour === 22 ? 'watch' : 'stable';
    const reason = drifted
      ? 'Scores rose by 22 % against the baseline (limit 15 %): a retrain was started.'
      : 'Scores and anomaly rate are where they were in the baseline.';
    await pool.query(
      `INSERT INTO drift_reports (model_key, window_end, outcome, version_id, reason, report)
        VALUES ($1, $2, $3, (SELECT id FROM model_versions WHERE model_key = $1 AND version = 2), $4, $5)`,
      [
        key,
        new Date(NOW - hour * 60 * MINUTE),
        outcome,
        reason,
        JSON.stringify(
          storedReport(key, NOW - hour * 60 * MINUTE, outcome, reason, drifted ? 0.22 : 0.03 + random() * 0.02),
        ),
      ],
    );
  }
  await addRunState(pool, `${key}-old`, key, 'queued', { message: 'drift: score shift 22 %' });
  await addRunState(pool, `${key}-old`, key, 'training', { fraction: 1, message: 'epoch 10 of 10, loss 0.0123' });
  await addRunState(pool, `${key}-old`, key, 'published', { message: 'version 2' });
}

/** A report as the drift monitor writes it. */
function storedReport(
  model: string,
  windowEnd: number,
  outcome: DriftReport['outcome'],
  reason: string,
  shift: number,
): DriftReport {
  const bell = (middle: number) =>
    Array.from({ length: 24 }, (_, bin) => Math.round(900 * Math.exp(-((bin - middle) ** 2) / 18)));
  const criterion = (name: string, baseline: number, change: number, limit: number) => ({
    name,
    baseline,
    current: baseline * (1 + change),
    change,
    limit,
    exceeded: change > limit,
    evidence: change > limit ? 9 : 0,
    needed: 7,
    words: '',
  });
  return {
    format: 1,
    model,
    version: 2,
    outcome,
    reason,
    windowEnd: new Date(windowEnd).toISOString(),
    currentFrom: new Date(windowEnd - 1440 * MINUTE).toISOString(),
    baselineFrom: new Date(windowEnd - 8 * 1440 * MINUTE).toISOString(),
    onset: null,
    coverage: {
      currentServed: 1440,
      currentJudged: 1440,
      currentInIncidents: 0,
      currentGaps: 0,
      incidentsJudged: false,
      baselineJudged: 10_080,
      baselineRescored: 0,
    },
    policy: {
      scoreShift: 0.15,
      anomalyRateChange: 0.2,
      ruleRateChange: null,
      featureInstability: null,
      unusualMinutes: null,
    },
    falseAlarmsPerModelMonth: 0.1,
    baseline: null,
    current: null,
    criteria: [criterion('mean score', 0.4, shift, 0.15), criterion('anomaly rate', 0.01, 0.04, 0.2)],
    statistics: {},
    scores: {
      edges: Array.from({ length: 25 }, (_, bin) => bin / 24),
      baseline: bell(8),
      current: bell(shift > 0.15 ? 11 : 8.4),
    },
    features: ['announcements', 'average_as_path_length'].map((name, place) => ({
      name,
      psi: place === 0 ? 0.31 : 0.04,
      statistics: { psi: place === 0 ? 0.31 : 0.04, ks: 0.2 },
      distribution: { edges: Array.from({ length: 25 }, (_, bin) => bin * 10), baseline: bell(8), current: bell(12) },
      baselineMean: 180,
      currentMean: 240,
      evidence: 9 - place,
    })),
  };
}

export async function activate(pool: Pool, key: string, version: number, reason: string, actor: string): Promise<void> {
  await pool.query(
    `INSERT INTO activations (model_key, version_id, from_minute, reason, actor)
      SELECT $1, id, $3, $4, $5 FROM model_versions WHERE model_key = $1 AND version = $2`,
    [key, version, new Date(NOW - 60 * MINUTE), reason, actor],
  );
}

export async function addRunState(pool: Pool, run: string, key: string, state: string, detail: object): Promise<void> {
  await pool.query('INSERT INTO retrain_runs (run, model_key, job_id, state, detail) VALUES ($1, $2, $3, $4, $5)', [
    run,
    key,
    '17',
    state,
    JSON.stringify(detail),
  ]);
}
