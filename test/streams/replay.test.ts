import { clock, endOfReplay, hold, letGo, restart, send, start, stop, watermark, window } from './language.ts';
import { streams } from './stream.ts';

const stream = streams();

const UP = [start('aggregator'), start('detector')];
const REPLAY = { replay: true };
/** Both partitions are idle: they have passed the present, which lies far behind what is replayed. */
const IDLE = [...UP, clock(9_000), watermark([9_000, 9_000], 9_000)];

stream('a replay into a topic that was idle goes by the time of its records from the first one on', [
  ...IDLE,
  send(0, [10, 30], REPLAY),
  watermark([30, 9_000], null),
  window(0, 'provisional', 2),
  send(1, [20, 40], REPLAY),
  watermark([30, 40], 30),
  window(0, 'provisional', 4),
  send(0, [50, 70], REPLAY),
  window(0, 'provisional', 5),
  send(1, 80, REPLAY),
  watermark([70, 80], 70),
  window(0, 'complete', 5),
  window(1, 'provisional', 2),
  endOfReplay(0, 125),
  endOfReplay(1, 125),
  watermark([125, 125], 125),
  window(0, 'complete', 5),
  window(1, 'complete', 2),
]);

stream(
  'with one partition, too',
  [
    ...UP,
    clock(9_000),
    watermark([9_000], 9_000),
    send(0, 10, REPLAY),
    watermark([10], 10),
    send(0, 20, REPLAY),
    send(0, 70, REPLAY),
    window(0, 'complete', 2),
    endOfReplay(0, 125),
    window(1, 'complete', 1),
  ],
  { partitions: 1 },
);

stream('partitions that the replay has not come to yet hold its windows, idle as they are', [
  ...IDLE,
  hold(1),
  send(1, [20, 70], REPLAY),
  send(0, [10, 70], REPLAY),
  watermark([70, 9_000], null),
  window(0, 'provisional', 1),
  clock(9_100),
  watermark([70, 9_000], null),
  letGo(1),
  watermark([70, 70], 70),
  window(0, 'complete', 2),
]);

stream('a replay that leaves a partition out completes its windows when it ends there, too', [
  ...IDLE,
  send(0, [10, 70, 130], REPLAY),
  clock(9_100),
  watermark([130, 9_100], null),
  window(0, 'provisional', 1),
  endOfReplay(0, 185),
  endOfReplay(1, 185),
  watermark([185, 185], 185),
  window(0, 'complete', 1),
  window(2, 'complete', 1),
]);

stream('what was complete before a replay stays so; what records had passed stays passed', [
  ...UP,
  send(0, [10, 70]),
  send(1, 70),
  window(0, 'complete', 1),
  clock(9_000),
  watermark([9_000, 9_000], 9_000),
  window(1, 'complete', 2),
  send(0, [130, 140], REPLAY),
  watermark([140, 9_000], 70),
  window(0, 'complete', 1),
  window(1, 'complete', 2),
  window(2, 'provisional', 2),
  send(1, 190, REPLAY),
  send(0, 190, REPLAY),
  watermark([190, 190], 190),
  window(2, 'complete', 2),
]);

stream('live records after a replay pass the present again, partition by partition', [
  ...IDLE,
  send(0, [10, 70], REPLAY),
  send(1, [20, 70], REPLAY),
  watermark([70, 70], 70),
  window(0, 'complete', 2),
  send(0, 9_010),
  watermark([9_010, 70], 70),
  window(1, 'provisional', 2),
  send(1, 9_020),
  watermark([9_010, 9_020], 9_010),
  window(1, 'complete', 2),
  clock(9_200),
  watermark([9_200, 9_200], 9_200),
]);

stream('older data replayed after newer data is late where records have passed its windows, and revises', [
  ...IDLE,
  send(0, [70, 130], REPLAY),
  send(1, [70, 130], REPLAY),
  window(1, 'complete', 2),
  send(0, 10, REPLAY),
  watermark([130, 130], 130),
  window(0, 'complete', 1),
  send(1, 20, REPLAY),
  window(0, 'revised', 2, 1),
]);

stream('an aggregator that restarts as a replay begins tells so, though it never called the partition idle', [
  ...IDLE,
  hold(0),
  send(0, [10, 30], REPLAY),
  stop('aggregator'),
  letGo(0),
  start('aggregator'),
  watermark([30, 9_000], null),
  window(0, 'provisional', 2),
  send(1, 70, REPLAY),
  send(0, 70, REPLAY),
  window(0, 'complete', 2),
]);

stream('restarts in the middle of a replay change nothing', [
  ...IDLE,
  send(0, [10, 30], REPLAY),
  send(1, [20, 40], REPLAY),
  watermark([30, 40], 30),
  restart('detector'),
  watermark([30, 40], 30),
  restart('aggregator'),
  clock(9_100),
  send(1, 80, REPLAY),
  watermark([30, 80], 30),
  window(0, 'provisional', 4),
  restart('aggregator'),
  restart('detector'),
  send(0, 80, REPLAY),
  watermark([80, 80], 80),
  window(0, 'complete', 4),
  window(1, 'provisional', 2),
]);

stream('a detector that starts late believes the manifests: what was announced of idleness before is over', [
  start('aggregator'),
  clock(9_000),
  watermark([9_000, 9_000], null),
  send(0, [10, 30], REPLAY),
  watermark([30, 9_000], null),
  stop('aggregator'),
  start('detector'),
  watermark([30, 9_000], null),
  window(0, 'provisional', 2),
  start('aggregator'),
  send(1, 70, REPLAY),
  send(0, 70, REPLAY),
  watermark([70, 70], 70),
  window(0, 'complete', 2),
]);
