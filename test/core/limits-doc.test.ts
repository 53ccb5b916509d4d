import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KAFKA_LIMITS } from '../../lib/adapters/kafka/limits.ts';
import { CHUNK_LIMITS } from '../../lib/core/chunks/limits.ts';
import { LIMITS } from '../../lib/core/events/index.ts';
import { CHUNK_LIMIT_LABELS } from '../../services/aggregator/limits.ts';

/** Label to value, as the code has them; null: no number. */
function inCode(): Map<string, number | null> {
  const { eventBytes, mapEntries, nameLength, textLength, vectorLength, batchRows, batchText } = LIMITS;
  const chunk = Object.entries(CHUNK_LIMIT_LABELS).map(([name, label]): [string, number] => [
    label,
    CHUNK_LIMITS[name as keyof typeof CHUNK_LIMIT_LABELS],
  ]);
  return new Map<string, number | null>([
    ['event_bytes', eventBytes],
    ['map_entries', mapEntries],
    ['name_length', nameLength],
    ['text_length', textLength],
    ['vector_length', vectorLength],
    ['batch_rows', batchRows],
    ['batch_text', batchText],
    ['avro_items', null],
    ['record_bytes', KAFKA_LIMITS.recordBytes],
    ['inflated_bytes', KAFKA_LIMITS.inflatedBytes],
    ...chunk,
  ]);
}

test('docs/limits.md names every limit with its value, and no other', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d+)?/gm)];
  const documented = rows.map(([, label, value]): [string, number | null] => [label!, value ? Number(value) : null]);
  assert.deepEqual(new Map(documented.sort()), new Map([...inCode()].sort()));
  assert.equal(documented.length, inCode().size, 'each once');
  assert.match(text, new RegExp(`more than ${KAFKA_LIMITS.batchRecords} records`));
  assert.match(text, new RegExp(`first ${KAFKA_LIMITS.keptBytes} bytes`));
});
