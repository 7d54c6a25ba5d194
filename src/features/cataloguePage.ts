import { FEATURES } from './catalogue.js';

/** The text of docs/features.md. */
export function cataloguePage(): string {
  const rows = FEATURES.map(
    (feature, i) =>
      `| ${i} | ${feature.column} | \`${feature.name}\` | ${feature.unit} | ${feature.meaning} | ${feature.source} |`,
  );
  return `# Features

One row a stream and minute holds these ${FEATURES.length} values. This page is made from \`src/features/catalogue.ts\`: change it there and run
\`npx routewarden features --catalogue > docs/features.md\`.

Index is the place in a row's values, column the one in the published data sets (counted from 1). Minutes without any
message are rows of zeros; minutes in which the feed was away are gaps and have no values. The published data rounds the
averages to whole numbers; here they are kept exact, so that the models see small changes.

| index | column | name | unit | meaning | source |
|---|---|---|---|---|---|
${rows.join('\n')}

Al-Rousan and Trajkovic 2012: N. Al-Rousan, Lj. Trajkovic, "Machine learning models for classification of BGP anomalies",
IEEE HPSR 2012; the data sets of Zhida Li (CyberDefense, Simon Fraser University) use the same features.
`;
}
