import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../../../lib/tables/manifests.ts';
import { decideStart, type StartFacts } from '../../../services/aggregator/start.ts';

const LAST: Manifest = {
  topic: 't',
  incarnation: 'i',
  partition: 0,
  chunkStart: 128,
  groupGeneration: 1,
  specId: 's',
  reach: 150,
  passed: 1,
  closed: false,
  replaying: null,
};

function facts(
  last: Partial<Manifest> | null,
  beginning: number,
  end: number,
  more: Partial<StartFacts> = {},
): StartFacts {
  return {
    history: { last: last === null ? null : { ...LAST, ...last }, otherIncarnations: false, generation: 1 },
    sameLayout: true,
    coveredUntil: 128,
    committed: null,
    offsets: { partition: 0, beginning, end },
    ...more,
  };
}

test('the open chunk is read again from its start, whatever was committed', () => {
  for (const committed of [null, 0, 192, 10 ** 9]) {
    assert.deepEqual(decideStart(facts({}, 0, 200, { committed })), { kind: 'reopen', offset: 128 });
  }
});

test('after a closed chunk the next one begins at its end, by the size it was bound to', () => {
  assert.deepEqual(decideStart(facts({ closed: true, reach: 192 }, 0, 192)), { kind: 'open', offset: 192, gap: null });
  const sub = facts({ chunkStart: 140, closed: true, reach: 192 }, 0, 300);
  assert.deepEqual(decideStart(sub), { kind: 'open', offset: 192, gap: null });
});

test('a log that no longer reaches back to the open chunk: a sub-chunk after what is covered, and a gap where there is one', () => {
  assert.deepEqual(decideStart(facts({}, 130, 200)), { kind: 'open', offset: 150, gap: null });
  const beyondManifest = facts({}, 130, 200, { coveredUntil: 160 });
  assert.deepEqual(
    decideStart(beyondManifest),
    { kind: 'open', offset: 160, gap: null },
    'rows written, manifest not yet',
  );
  assert.deepEqual(decideStart(facts({}, 170, 200)), {
    kind: 'open',
    offset: 170,
    gap: { reason: 'log_trimmed', first: 150, end: 170 },
  });
  assert.deepEqual(decideStart(facts({ closed: true, reach: 192 }, 200, 210)), {
    kind: 'open',
    offset: 200,
    gap: { reason: 'log_trimmed', first: 192, end: 200 },
  });
});

test('a log that ends before what rows cover was truncated: the partition halts', () => {
  const start = decideStart(facts({}, 0, 149));
  assert.equal(start.kind, 'halt');
  assert.match(start.kind === 'halt' ? start.reason : '', /ends at 149 but rows cover it up to 150/);
});

test('a log that lost what rows cover: a new incarnation begins where the logs part', () => {
  const epoch = { leaderEpoch: 4, reach: 148 };
  const truncated = (epochEnd: number, end: number, beginning = 0) =>
    decideStart(facts({ epoch }, beginning, end, { epochEnd, coveredUntil: 160 }));
  const gap = { reason: 'log_truncated', first: 90, end: 160 };
  assert.deepEqual(truncated(90, 95), { kind: 'truncated', offset: 90, gap });
  assert.deepEqual(truncated(90, 500), { kind: 'truncated', offset: 90, gap }, 'it has grown past the rows again');
  assert.deepEqual(truncated(90, 200, 100), { kind: 'truncated', offset: 100, gap }, 'and was trimmed');
  assert.deepEqual(truncated(148, 500), { kind: 'reopen', offset: 128 }, 'the epoch ended, nothing is lost');
  assert.deepEqual(
    truncated(150, 155),
    { kind: 'truncated', offset: 155, gap: { ...gap, first: 150 } },
    'rows whose manifest was not written yet, under an epoch nobody noted',
  );
});

test('without a manifest: the beginning, or a committed offset that lies in the log', () => {
  assert.deepEqual(decideStart(facts(null, 7, 20)), { kind: 'open', offset: 7, gap: null });
  assert.deepEqual(decideStart(facts(null, 7, 20, { committed: 7 })), { kind: 'open', offset: 7, gap: null });
  assert.deepEqual(decideStart(facts(null, 7, 20, { committed: 15 })), {
    kind: 'open',
    offset: 15,
    gap: { reason: 'before_committed_offset', first: 7, end: 15 },
  });
  for (const committed of [3, 21, 10 ** 9]) {
    const start = decideStart(facts(null, 7, 20, { committed }));
    assert.equal(start.kind, 'halt');
    assert.match(
      start.kind === 'halt' ? start.reason : '',
      new RegExp(`${committed} is outside the log \\(7 to 20\\)`),
    );
  }
});

test('a new incarnation begins at its beginning: the committed offset is the old one’s', () => {
  const history = { last: null, otherIncarnations: true, generation: 1 };
  assert.deepEqual(decideStart(facts(null, 0, 20, { history, committed: 15 })), { kind: 'open', offset: 0, gap: null });
});
