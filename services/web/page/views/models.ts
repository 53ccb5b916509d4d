import { modelBadge } from '../badges.ts';
import { code, empty, h, link } from '../dom.ts';
import { count, modelPath, time } from '../format.ts';
import { sparkline } from '../sparkline.ts';
import type { ModelSummary } from '../types.ts';

const ORDER: readonly ModelSummary['state'][] = ['drifting', 'not_enough_data', 'unmonitored', 'quiet'];

export function modelsView({ models }: { models: ModelSummary[] }): HTMLElement[] {
  if (models.length === 0) return [h('h1', {}, 'Models'), firstSteps()];
  const sorted = [...models].sort(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.model < b.model ? -1 : 1),
  );
  return [h('h1', {}, 'Models'), h('ul', { class: 'cards' }, ...sorted.map(card))];
}

function card(model: ModelSummary): HTMLElement {
  const points = model.sparkline.map(({ ratio, breached }) => ({ value: ratio, breached: breached > 0 }));
  return h(
    'li',
    { class: 'card' },
    h('div', { class: 'card-head' }, h('h2', {}, link(modelPath(model.model), model.model)), modelBadge(model.state)),
    points.length > 0
      ? sparkline(points, 1, 'Greatest score as a multiple of its threshold')
      : h(
          'p',
          { class: 'quiet-text' },
          model.monitored ? 'No window has been tested yet.' : 'No monitor tests this model.',
        ),
    h('dl', { class: 'facts' }, ...facts(model)),
  );
}

function facts(model: ModelSummary): HTMLElement[] {
  const { last_window: last } = model;
  return [
    fact('Latest window', last ? time(last.start) : '–'),
    fact('Events in it', last ? count(last.events) : '–'),
    fact('Breached scores', model.sparkline.length > 0 ? count(model.breached) : '–'),
    fact('Open incidents', count(model.open_incidents)),
  ];
}

export function fact(label: string, value: string | Node): HTMLElement {
  return h('div', {}, h('dt', {}, label), h('dd', {}, value));
}

function firstSteps(): HTMLElement {
  const example = {
    prediction_id: 'p1',
    model: 'my-model',
    timestamp: Date.now(),
    features: { age: 41, region: 'MA' },
    prediction: { score: 0.87 },
  };
  return empty(
    'No model has been seen yet',
    h('p', {}, 'A model appears here once it is declared in the configuration, or with its first event. Send one:'),
    code(
      `curl -X POST ${location.origin}/v1/predictions -H 'content-type: application/json' -d '${JSON.stringify(example)}'`,
    ),
    h('p', {}, 'Or watch a model drift on real data with ', h('code', {}, 'npm run demo'), '.'),
  );
}
