import type { LocalIncident } from './incidents.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430}
article{border:1px solid #d5dbe3;border-left:6px solid #8a94a3;border-radius:6px;padding:.5rem 1rem;margin:1rem 0}
article.triggered{border-left-color:#b3261e}article.resolved{border-left-color:#2e7d32}h2{font-size:1rem;margin:0}
small{color:#5a6472}code{overflow-wrap:anywhere}`;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}

/** What would have been paged, newest first: plain HTML, no script. */
export function renderPage(incidents: readonly LocalIncident[]): string {
  const items = [...incidents].reverse().map(renderIncident).join('\n');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Local PagerDuty</title>
<meta http-equiv="refresh" content="5"><style>${STYLE}</style></head><body><h1>Local PagerDuty</h1>
<p>Stands in for PagerDuty: it takes and checks what Driftline would send. <a href="events">All requests</a></p>
${items || '<p>No incident yet.</p>'}</body></html>`;
}

function renderIncident(incident: LocalIncident): string {
  return `<article class="${incident.state}"><h2>${incident.state} · ${escapeHtml(incident.severity)}</h2>
<p>${escapeHtml(incident.summary)}</p><small>${escapeHtml(incident.source)} · opened ${incident.openedAt} · last news
${incident.updatedAt} · ${incident.triggers} trigger${incident.triggers === 1 ? '' : 's'} · <code>${escapeHtml(incident.dedupKey)}</code></small></article>`;
}
