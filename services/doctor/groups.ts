import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Config } from '../../lib/runtime/config/types.ts';
import { groupOf } from '../../lib/runtime/consumer-group.ts';

export interface ConsumerGroup {
  service: 'aggregator' | 'detector' | 'notifier';
  name: string;
  topics: readonly string[];
}

/** The consumer groups of a deployment and what each reads. */
export function consumerGroups(config: Config): ConsumerGroup[] {
  return [
    { service: 'aggregator', name: groupOf(config, 'aggregator'), topics: [TOPICS.predictions, TOPICS.labels] },
    { service: 'detector', name: groupOf(config, 'detector'), topics: [TOPICS.windows] },
    { service: 'notifier', name: groupOf(config, 'notifier'), topics: [TOPICS.alerts] },
  ];
}
