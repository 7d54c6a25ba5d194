/** Text that a document shows as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | readonly (string | number | Markup)[];

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join('');
  return String(part).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** HTML of a template: what is put in is escaped, unless it is such HTML itself. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + textOf(parts[i - 1]!) + string));
}

const STYLE = `
body{font:15px/1.45 system-ui,sans-serif;color:#1f2937;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.05rem;margin:1.75rem 0 .5rem;border-bottom:1px solid #d1d5db}
.facts{color:#4b5563}.severity{font-weight:600}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top;border-bottom:1px solid #e5e7eb}
td.number{text-align:right;font-variant-numeric:tabular-nums}svg{display:block;width:100%;height:auto;margin:.25rem 0 1rem}
.line{fill:none;stroke:#1d4ed8;stroke-width:1.5}.limit{stroke:#b45309;stroke-dasharray:6 4}.during{fill:#fee2e2}
.then{fill:#9ca3af}.now{fill:#1d4ed8}text{font-size:11px;fill:#374151}code{overflow-wrap:anywhere}td:first-child code{white-space:nowrap}
@media screen and (max-width:40rem){table{display:block;overflow-x:auto}}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}svg,tr{break-inside:avoid}}`;

/** A page that needs nothing from elsewhere: to print, to mail, to keep. */
export function page(title: string, body: readonly Markup[]): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${new Markup(STYLE)}</style></head><body>
${body}
</body></html>
`.text;
}

/** A table; the columns of numbers stand to the right. Nothing when it has no row. */
export function rowsOf(heads: readonly string[], rows: readonly (readonly (string | number | Markup)[])[]): Markup {
  if (rows.length === 0) return html``;
  const cell = (value: string | number | Markup) =>
    typeof value === 'number'
      ? html`<td class="number">${value.toLocaleString('en-US')}</td>`
      : html`<td>${value}</td>`;
  return html`<table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table>`;
}
