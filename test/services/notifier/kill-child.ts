// A notifier in a process of its own, to be killed: `kill-child.ts DIR PAGERDUTY_URL`. Publishes one alert and pages.
import { createPagerDutyChannel } from '../../../lib/adapters/pagerduty/index.ts';
import { alert } from '../../core/alerts/incident-fixtures.ts';
import { openHarness, ROUTING_KEY } from './harness.ts';

const [dir = '', baseUrl = ''] = process.argv.slice(2);
const bench = await openHarness(1, dir);
await bench.start([createPagerDutyChannel({ baseUrl, routingKey: ROUTING_KEY })]);
await bench.publish(alert({ incident: 'sigkill', episode: 'sigkill-1' }));
