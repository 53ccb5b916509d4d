import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Config } from '../../lib/runtime/config/types.ts';

export interface ConsumerGroup {
  service: 'aggregator' | 'detector' | 'notifier';
  name: string;
  topics: readonly string[];
}

/** The consumer groups of a deployment and what each reads. */
export function consumerGroups(config: Config): ConsumerGroup[] {
  const prefix = config.log.kind === 'kafka' ? config.log.groupPrefix : 'driftline';
  return [
    { service: 'aggregator', name: `${prefix}-aggregator`, topics: [TOPICS.predictions, TOPICS.labels] },
    { service: 'detector', name: `${prefix}-detector`, topics: [TOPICS.windows] },
    { service: 'notifier', name: `${prefix}-notifier`, topics: [TOPICS.alerts] },
  ];
}
