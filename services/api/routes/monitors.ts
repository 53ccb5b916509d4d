import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Monitor } from '../../../lib/core/monitors/types.ts';
import type { Store } from '../../../lib/ports/store.ts';
import { type MonitorStatus, monitorStatuses, openAlertCounts } from '../queries/alerts.ts';
import { monitorList } from '../schemas/alerts.ts';
import { READ_ERRORS } from '../schemas/common.ts';

const query = z.object({ model: z.string().default('').describe('absent: every model') });

/** GET /v1/monitors: the monitors of the configuration with what each found last. */
export function registerMonitors(app: FastifyInstance, store: Store, monitors: readonly Monitor[]): void {
  app.get<{ Querystring: z.infer<typeof query> }>(
    '/v1/monitors',
    {
      schema: {
        tags: ['monitors'],
        summary: 'Monitors and what each found in its latest window',
        querystring: query,
        response: { 200: monitorList, ...READ_ERRORS },
      },
    },
    async (request) => {
      const [statuses, open] = await Promise.all([monitorStatuses(store), openAlertCounts(store)]);
      const { model } = request.query;
      const wanted = monitors.filter((monitor) => model === '' || monitor.model === model);
      return {
        monitors: wanted.map((monitor) =>
          describe(monitor, statuses.find(of(monitor)), open.find(of(monitor))?.open ?? 0),
        ),
      };
    },
  );
}

function of(monitor: Monitor): (row: { monitor: string; model: string }) => boolean {
  return (row) => row.monitor === monitor.name && row.model === monitor.model;
}

function describe(
  monitor: Monitor,
  status: MonitorStatus | undefined,
  openAlerts: number,
): z.infer<typeof monitorList>['monitors'][number] {
  return {
    name: monitor.name,
    model: monitor.model,
    target: monitor.target === '*' ? ['*'] : [...monitor.target],
    metrics: [...monitor.metrics],
    window_ms: monitor.windowMs,
    baseline: monitor.baseline,
    threshold: { ...monitor.threshold },
    min_samples: monitor.minSamples,
    persistence: monitor.persistence,
    severity: monitor.severity,
    segments: [...monitor.segments],
    latest: status
      ? {
          window_end: status.window_end,
          scored: status.scored,
          not_scored: status.not_scored,
          breached: status.breached,
        }
      : null,
    open_alerts: openAlerts,
  };
}
