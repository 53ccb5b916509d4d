import { h } from './dom.ts';
import type { ModelState, WindowState } from './types.ts';

const MODEL_STATES: Record<ModelState, [label: string, tone: string, meaning: string]> = {
  drifting: ['Drifting', 'bad', 'At least one alert fires.'],
  quiet: ['Quiet', 'good', 'Tested, and no alert fires.'],
  not_enough_data: ['Not enough data', 'none', 'No window has had a score yet.'],
  unmonitored: ['Unmonitored', 'none', 'No monitor tests this model.'],
};

export function badge(label: string, tone: string, title?: string): HTMLElement {
  return h('span', { class: `badge ${tone}`, title }, label);
}

export function modelBadge(state: ModelState): HTMLElement {
  const [label, tone, meaning] = MODEL_STATES[state];
  return badge(label, tone, meaning);
}

const WINDOW_MEANINGS: Record<WindowState, string> = {
  provisional: 'Still filling: the numbers may change.',
  complete: 'Every partition has passed the end of the window, or is idle.',
  revised: 'Late events changed it after it was complete.',
};

export function windowBadge(state: WindowState): HTMLElement {
  const tone = state === 'complete' ? 'none' : state === 'revised' ? 'warn' : 'faint';
  return badge(state, tone, WINDOW_MEANINGS[state]);
}

export function severityBadge(severity: string): HTMLElement {
  const tone = severity === 'critical' || severity === 'error' ? 'bad' : severity === 'warning' ? 'warn' : 'none';
  return badge(severity, tone);
}

export function incidentBadge(state: string): HTMLElement {
  return badge(state, state === 'open' ? 'bad' : state === 'resolved' ? 'good' : 'none');
}
