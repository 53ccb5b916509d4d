import {
  addPartitions,
  broker,
  clock,
  commit,
  endOfReplay,
  halted,
  hold,
  letGo,
  lost,
  recreate,
  restart,
  send,
  start,
  stop,
  watermark,
  window,
} from './language.ts';
import { streams } from './stream.ts';

/** A scripted stream, two partitions unless said otherwise. Windows are minutes, the allowed delay is 5 s. */
const stream = streams();

const UP = [start('aggregator'), start('detector')];

stream('a window is complete once every partition has passed its end and the allowed delay, not before', [
  ...UP,
  send(0, [10, 20, 70]),
  watermark([70, null], null),
  window(0, 'provisional', 2),
  send(1, [30, 64]),
  watermark([70, 64], 64),
  window(0, 'provisional', 3),
  send(1, 64.999),
  watermark([70, 64.999], 64.999),
  window(0, 'provisional', 3),
  send(1, 65),
  watermark([70, 65], 65),
  window(0, 'complete', 3),
  window(1, 'provisional', 4),
]);

stream('a partition without a record is idle only by the word of the broker', [
  ...UP,
  send(0, [10, 70]),
  watermark([70, null], null),
  broker(false),
  clock(80),
  watermark([70, null], null),
  window(0, 'provisional', 1),
  broker(true),
  watermark([80, 80], 80),
  window(0, 'complete', 1),
]);

stream('what the broker has but nobody has read is not idleness', [
  ...UP,
  hold(1),
  send(1, 15),
  send(0, [10, 70]),
  clock(80),
  watermark([80, null], null),
  window(0, 'provisional', 1),
  letGo(1),
  watermark([80, 15], 15),
  clock(81),
  watermark([81, 81], 81),
  window(0, 'complete', 2),
]);

stream('an idle partition has passed the time of its confirmation, not the end of time', [
  ...UP,
  send(0, 10),
  send(1, 20),
  clock(100),
  watermark([100, 100], 100),
  window(0, 'complete', 2),
  send(0, 110),
  send(1, 90),
  watermark([110, 100], 100),
  window(1, 'provisional', 2),
  send(1, 125),
  send(0, 125),
  watermark([125, 125], 125),
  window(1, 'complete', 2),
]);

stream('after an idle spell a burst is late, and revises', [
  ...UP,
  send(0, [10, 70]),
  send(1, 20),
  clock(75),
  window(0, 'complete', 2),
  send(1, [30, 40, 50], { arrival: 76 }),
  window(0, 'revised', 5, 1),
  watermark([75, 76], 75),
  send(1, 55, { arrival: 77 }),
  window(0, 'revised', 6, 2),
]);

stream('nothing is known before an aggregator has read, however far its clock has come', [
  start('detector'),
  send(0, [10, 70]),
  send(1, 70),
  clock(100),
  watermark([null, null], null),
  window(0, 'none', 0),
  start('aggregator'),
  watermark([70, 70], 70),
  window(0, 'complete', 1),
]);

stream('an aggregator that has just started waits anew before it calls anything idle', [
  ...UP,
  send(0, [10, 70]),
  clock(66),
  watermark([70, 66], 66),
  window(0, 'complete', 1),
  send(0, 80),
  stop('aggregator'),
  clock(300),
  start('aggregator'),
  send(0, 130),
  watermark([130, 66], 66),
  window(1, 'provisional', 2),
  clock(301),
  watermark([301, 301], 301),
  window(1, 'complete', 2),
]);

stream('a halted partition has passed nothing, and holds every window', [
  commit(1, 1_000_000),
  ...UP,
  send(0, [10, 70]),
  halted('committed offset 1000000 is outside the log'),
  clock(200),
  watermark([200, null], null),
  window(0, 'provisional', 1),
  stop('aggregator'),
  commit(1, 0),
  start('aggregator'),
  clock(201),
  watermark([201, 201], 201),
  window(0, 'complete', 1),
]);

stream('arrivals out of order move no partition back', [
  ...UP,
  send(0, [70, 130]),
  send(1, 30, { arrival: 90 }),
  watermark([130, 90], 90),
  send(1, 61, { arrival: 62 }),
  send(0, 62, { arrival: 63 }),
  watermark([130, 90], 90),
  window(0, 'complete', 1),
  window(1, 'provisional', 3),
]);

stream('a restart of everything moves nothing back and seals nothing twice', [
  ...UP,
  send(0, [10, 70]),
  send(1, [20, 70]),
  window(0, 'complete', 2),
  restart('aggregator'),
  restart('detector'),
  watermark([70, 70], 70),
  window(0, 'complete', 2),
  send(1, 71),
  watermark([70, 71], 70),
  window(0, 'complete', 2),
  window(1, 'provisional', 3),
]);

stream(
  'a partition read to the end of a closed chunk is idle again after a restart',
  [
    ...UP,
    send(0, [10, 11, 12, 13]),
    send(1, [70, 71]),
    watermark([13, 71], 13),
    stop('aggregator'),
    start('aggregator'),
    clock(90),
    watermark([90, 90], 90),
    window(0, 'complete', 4),
  ],
  { chunkSize: 4 },
);

stream('a fast partition waits for a slow one, each window for itself', [
  ...UP,
  send(0, [10, 70, 130, 190, 250]),
  watermark([250, null], null),
  send(1, 66),
  watermark([250, 66], 66),
  window(0, 'complete', 1),
  window(1, 'provisional', 2),
  send(1, 130),
  window(1, 'complete', 2),
  window(2, 'provisional', 2),
  send(1, 260),
  window(2, 'complete', 2),
  window(3, 'complete', 1),
  window(4, 'provisional', 2),
]);

stream('an added partition holds windows back as soon as it is heard of, and passes nothing by being new', [
  ...UP,
  send(0, 70),
  send(1, 70),
  watermark([70, 70], 70),
  addPartitions(3),
  send(2, 20),
  watermark([70, 70, 20], 20),
  send(0, 200),
  send(1, 200),
  watermark([200, 200, 20], 20),
  window(1, 'provisional', 2),
  send(2, 201),
  watermark([200, 200, 201], 200),
  window(0, 'complete', 1),
  window(1, 'complete', 2),
]);

stream('an added partition without a record holds windows back until the broker confirms that it is idle', [
  ...UP,
  send(0, [10, 64]),
  send(1, 64),
  addPartitions(3),
  watermark([64, 64, null], null),
  send(0, 70),
  send(1, 70),
  watermark([70, 70, null], null),
  window(0, 'provisional', 1),
  clock(80),
  watermark([80, 80, 80], 80),
  window(0, 'complete', 1),
]);

stream('a topic made anew starts unknown; what the old one held is kept and counted with the new', [
  ...UP,
  send(0, [10, 20]),
  send(1, 30),
  watermark([20, 30], 20),
  window(0, 'provisional', 3),
  recreate(2),
  send(0, [40, 70]),
  watermark([70, null], null),
  window(0, 'provisional', 4),
  send(1, 70),
  watermark([70, 70], 70),
  window(0, 'complete', 4),
]);

stream('a replay completes nothing by pausing; its last records do', [
  ...UP,
  send(0, [10, 70], { replay: true }),
  send(1, [20, 30], { replay: true }),
  clock(500),
  watermark([70, 30], 30),
  window(0, 'provisional', 3),
  endOfReplay(0, 125),
  endOfReplay(1, 125),
  watermark([125, 125], 125),
  window(0, 'complete', 3),
  window(1, 'complete', 1),
]);

stream('an aggregator that restarts in a replay’s pause completes nothing either', [
  ...UP,
  send(0, [10, 70], { replay: true }),
  send(1, [20, 30], { replay: true }),
  watermark([70, 30], 30),
  restart('aggregator'),
  clock(500),
  send(0, 71, { replay: true }),
  watermark([71, 30], 30),
  window(0, 'provisional', 3),
]);

stream('late data within the horizon revises, beyond it is declared lost', [
  ...UP,
  send(0, [10, 70]),
  send(1, 70),
  window(0, 'complete', 1),
  send(0, 20, { arrival: 660 }),
  window(0, 'revised', 2, 1),
  send(0, 20, { arrival: 661 }),
  lost('beyond_horizon', 1),
  send(1, 700),
  watermark([661, 700], 661),
  window(0, 'revised', 2, 1),
]);
