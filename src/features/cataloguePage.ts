import { FEATURES, type Feature } from './catalogue.js';

/** All features are of this paper, which the page names once. */
const PAPER = 'Al-Rousan and Trajkovic 2012, ';
/** A flag of one value, such as `maximum_edit_distance_is_7`: those of a family share a row. */
const FLAG = /^(.*_is_)(\d+)$/;

/** The text of docs/features.md. */
export function cataloguePage(): string {
  return `# Features

One row per stream and minute holds these ${FEATURES.length} values. This page is made from \`src/features/catalogue.ts\`: change it there and run
\`npx routewarden features --catalogue > docs/features.md\`.

Index is the place in a row's values, column the one in the published data sets (counted from 1). Minutes without any
message are rows of zeros; minutes in which the feed was away are gaps and have no values. The published data rounds the
averages to whole numbers; here they are kept exact, so that the models see small changes.

| index | column | name | unit | meaning | kind, source |
|---|---|---|---|---|---|
${rows().join('\n')}

The features are those of N. Al-Rousan, Lj. Trajkovic, "Machine learning models for classification of BGP anomalies",
IEEE HPSR 2012; the data sets of Zhida Li (CyberDefense, Simon Fraser University) use the same features.
`;
}

function rows(): string[] {
  const families = new Map<string, { first: Feature; last: Feature; from: number }>();
  for (const [index, feature] of FEATURES.entries()) {
    const family = FLAG.exec(feature.name)?.[1] ?? feature.name;
    const known = families.get(family);
    families.set(family, { first: known?.first ?? feature, last: feature, from: known?.from ?? index });
  }
  return [...families.values()].map(({ first, last, from }) => {
    const range = (low: number, high: number) => (low === high ? `${low}` : `${low} to ${high}`);
    const [, , lowest] = FLAG.exec(first.name) ?? [];
    const [, , highest] = FLAG.exec(last.name) ?? [];
    const single = first === last;
    const name = single ? `\`${first.name}\`` : `\`${first.name}\` to \`_${highest}\``;
    const meaning = single ? first.meaning : first.meaning.replace(new RegExp(`${lowest}$`), `${lowest}, and so on`);
    const columns = range(first.column, last.column);
    const indices = range(from, from + last.column - first.column);
    return `| ${indices} | ${columns} | ${name} | ${first.unit} | ${meaning} | ${first.source.replace(PAPER, '')} |`;
  });
}
