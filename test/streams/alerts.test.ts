import {
  alerts,
  clock,
  fill,
  hold,
  letGo,
  pages,
  restart,
  type Step,
  send,
  start,
  watermark,
  window,
} from './language.ts';
import { streams } from './stream.ts';

/** With a monitor on x0 (two windows in a row fire and resolve), a notifier and a PagerDuty. */
const stream = streams([start('aggregator'), start('detector'), start('notifier')], {
  paging: true,
  chunkSize: 65_536,
  partitions: 2,
});

const DRIFT = { shift: 60 };
/** Both partitions have passed the window's end and the allowed delay. */
const passed = (end: number): Step[] => [send(0, end + 5), send(1, end + 5)];

stream('late data takes the breach away: the alert is withdrawn in a higher revision, and PagerDuty hears it', [
  fill(0, 0, 300, DRIFT),
  fill(0, 1, 300, DRIFT),
  ...passed(120),
  alerts('pending 1', 'firing 2'),
  pages('trigger'),
  // Quiet events, ten times as many, held up on the other partition.
  fill(1, 1, 6_000, { arrival: 200 }),
  window(1, 'revised', 6_300, null),
  alerts('pending 1', 'firing 2', 'withdrawn 3'),
  pages('trigger', 'resolve'),
]);

stream('late data makes a second window in a row: the alert fires for the past', [
  fill(0, 0, 300, DRIFT),
  fill(0, 1, 300),
  ...passed(120),
  alerts('pending 1', 'withdrawn 2'),
  fill(0, 2, 300, DRIFT),
  ...passed(180),
  alerts('pending 1', 'withdrawn 2', 'pending 1'),
  fill(1, 1, 6_000, { ...DRIFT, arrival: 200 }),
  window(1, 'revised', 6_300, null),
  alerts('pending 1', 'withdrawn 2', 'pending 1', 'firing 2'),
  pages('trigger'),
]);

stream('the late half of a window that changes no verdict says nothing', [
  fill(0, 0, 300, DRIFT),
  fill(0, 1, 300, DRIFT),
  ...passed(120),
  alerts('pending 1', 'firing 2'),
  fill(1, 0, 300, { ...DRIFT, arrival: 150 }),
  window(0, 'revised', 600, 1),
  fill(0, 2, 300),
  fill(0, 3, 300),
  ...passed(240),
  alerts('pending 1', 'firing 2', 'resolved 3'),
  pages('trigger', 'resolve'),
]);

stream('a window is not judged while a partition may still change it', [
  fill(0, 0, 300, DRIFT),
  fill(0, 1, 300, DRIFT),
  hold(1),
  fill(1, 0, 6_000),
  fill(1, 1, 6_000),
  send(1, 125),
  send(0, 125),
  watermark([125, null], null),
  window(1, 'provisional', 300),
  letGo(1),
  watermark([125, 125], 125),
  window(1, 'complete', 6_300),
  alerts(),
]);

stream('restarts between windows of an episode repeat nothing and forget nothing', [
  fill(0, 0, 300, DRIFT),
  ...passed(60),
  alerts('pending 1'),
  restart('detector'),
  restart('aggregator'),
  fill(0, 1, 300, DRIFT),
  ...passed(120),
  alerts('pending 1', 'firing 2'),
  pages('trigger'),
  restart('detector'),
  restart('notifier'),
  fill(0, 2, 300),
  ...passed(180),
  restart('aggregator'),
  fill(0, 3, 300),
  ...passed(240),
  alerts('pending 1', 'firing 2', 'resolved 3'),
  pages('trigger', 'resolve'),
]);

stream('a partition that falls idle does not keep an alert from firing', [
  fill(0, 0, 300, DRIFT),
  fill(1, 0, 300, DRIFT),
  fill(0, 1, 300, DRIFT),
  clock(130),
  watermark([130, 130], 130),
  alerts('pending 1', 'firing 2'),
  pages('trigger'),
]);
