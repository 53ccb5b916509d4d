import { TOPICS } from '../../lib/core/messages/types.ts';
import type { Log } from '../../lib/ports/log.ts';

const FEATURES = 20;
const CALL_RECORDS = 500;
/** Of today: a broker soon deletes records that say they are older than its retention. */
const START = Date.now() - 3_600_000;

/** One prediction as JSON: 20 numbers of 6 significant digits, a label and a score; about 550 bytes. */
function event(index: number): string {
  const features: Record<string, number> = {};
  for (let i = 0; i < FEATURES; i++) features[`feature_${i}`] = Number((Math.random() * 100).toPrecision(6));
  return JSON.stringify({
    prediction_id: `p-${index}`,
    model: 'bench',
    version: '1',
    timestamp: START + index,
    features,
    prediction: { label: index % 3 === 0 ? 'yes' : 'no', score: Math.random() },
  });
}

/** Fills the predictions topic, evenly over its partitions, one event a record and one millisecond apart. */
export async function fill(log: Log, total: number, partitions: number): Promise<void> {
  await log.ensureTopics(Object.values(TOPICS).map((name) => ({ name, partitions })));
  for (let sent = 0; sent < total; sent += CALL_RECORDS) {
    const records = Array.from({ length: Math.min(CALL_RECORDS, total - sent) }, (_, i) => ({
      key: null,
      value: event(sent + i),
      timestamp: START + sent + i,
      partition: (sent + i) % partitions,
    }));
    await log.append(TOPICS.predictions, records);
  }
}
