import { get } from './client.ts';
import type {
  FeatureDetail,
  IncidentDetail,
  IncidentSummary,
  ModelDetail,
  ModelSummary,
  ScoreSeries,
} from './types.ts';
import { featureView } from './views/feature.ts';
import { FIGURES, incidentView, type MemberFigure, title } from './views/incident.ts';
import { incidentsView } from './views/incidents.ts';
import { modelView } from './views/model.ts';
import { modelsView } from './views/models.ts';

/** A view that has been read but not drawn: `key` changes exactly when its data does. */
export interface Loaded {
  title: string;
  key: string;
  draw(): HTMLElement[];
}

/** Reads what an address of the page shows. Addresses mirror the API: /models/NAME is read from /v1/models/NAME. */
export async function load(url: URL, signal: AbortSignal): Promise<Loaded> {
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const [area, name, child, feature] = parts;
  if (area === undefined) return models(signal);
  if (area === 'incidents') return name === undefined ? incidents(signal) : incident(name, signal);
  if (name !== undefined && child === 'features' && feature !== undefined)
    return featureOf(name, feature, url.search, signal);
  return name === undefined ? models(signal) : model(name, signal);
}

async function models(signal: AbortSignal): Promise<Loaded> {
  const text = await get('/v1/models', signal);
  return { title: 'Models', key: text, draw: () => modelsView(JSON.parse(text) as { models: ModelSummary[] }) };
}

async function model(name: string, signal: AbortSignal): Promise<Loaded> {
  const path = `/v1/models/${encodeURIComponent(name)}`;
  const [detail, scores] = await Promise.all([get(path, signal), get(`${path}/scores`, signal)]);
  const draw = (): HTMLElement[] =>
    modelView(JSON.parse(detail) as ModelDetail, JSON.parse(scores) as { series: ScoreSeries[] });
  return { title: name, key: detail + scores, draw };
}

function featureApi(name: string, feature: string, search: string): string {
  return `/v1/models/${encodeURIComponent(name)}/features/${encodeURIComponent(feature)}${search}`;
}

async function featureOf(name: string, feature: string, search: string, signal: AbortSignal): Promise<Loaded> {
  const text = await get(featureApi(name, feature, search), signal);
  return { title: `${feature} – ${name}`, key: text, draw: () => featureView(JSON.parse(text) as FeatureDetail) };
}

async function incidents(signal: AbortSignal): Promise<Loaded> {
  const text = await get('/v1/incidents', signal);
  return {
    title: 'Incidents',
    key: text,
    draw: () => incidentsView(JSON.parse(text) as { incidents: IncidentSummary[] }),
  };
}

async function incident(id: string, signal: AbortSignal): Promise<Loaded> {
  const text = await get(`/v1/incidents/${encodeURIComponent(id)}`, signal);
  const detail = JSON.parse(text) as IncidentDetail;
  const [figures, lastWindow] = await Promise.all([memberFigures(detail, signal), lastWindowOf(detail.model, signal)]);
  return {
    title: title(detail),
    key: text + JSON.stringify([figures, lastWindow]),
    draw: () => incidentView(detail, figures, lastWindow),
  };
}

async function lastWindowOf(name: string, signal: AbortSignal): Promise<ModelDetail['last_window']> {
  const text = await get(`/v1/models/${encodeURIComponent(name)}`, signal).catch(() => null);
  return text === null ? null : (JSON.parse(text) as ModelDetail).last_window;
}

/** The distributions of the first few columns of an incident, in the window that its latest revision speaks of. */
async function memberFigures(detail: IncidentDetail, signal: AbortSignal): Promise<MemberFigure[]> {
  const members = detail.alerts.filter((alert) => alert.segment === '').flatMap((alert) => alert.members);
  const first = [...new Map(members.map((member) => [member.feature, member])).values()].slice(0, FIGURES);
  const read = async (member: (typeof first)[number]): Promise<MemberFigure[]> => {
    const search = new URLSearchParams({
      window_start: String(member.window_start),
      baseline: member.baseline,
      windows: '1',
    });
    const text = await get(featureApi(detail.model, member.feature, `?${search}`), signal).catch(() => null);
    return text === null ? [] : [{ feature: member.feature, detail: JSON.parse(text) as FeatureDetail }];
  };
  return (await Promise.all(first.map(read))).flat();
}
