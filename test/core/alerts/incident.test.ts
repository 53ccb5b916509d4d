import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  incidentFeatures,
  incidentVersion,
  mergeAlerts,
  summarizeIncident,
} from '../../../lib/core/alerts/incident.ts';
import { clip } from '../../../lib/core/alerts/incident-summary.ts';
import { alert, anyAlert, DAY, member, START } from './incident-fixtures.ts';

describe('summarizeIncident', () => {
  it('says what changed, where, since when and what to do', () => {
    const incident = summarizeIncident([
      alert({
        members: [member('car_value', 0.2), member('salary_range', 0.5), member('size', 0.11)],
        segment: '',
      }),
    ]);
    assert.equal(
      incident.summary,
      'Drift in car-loan v1 since 2018-10-30: salary_range, car_value, size. ' +
        'salary_range PSI 0.5 (threshold 0.1), car_value PSI 0.2 (threshold 0.1), size PSI 0.11 (threshold 0.1). ' +
        'Retrain on recent data, or roll back.',
    );
    assert.equal(incident.state, 'open');
    assert.equal(incident.resolvedAt, null);
  });

  it('ranks features by effect over threshold, whatever the metric, and counts the rest', () => {
    const members = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, i) => member(name, 0.2 + i / 10, i === 0 ? 0.001 : 0.1));
    const { summary } = summarizeIncident([alert({ members })]);
    assert.match(summary, /: a, f, e, d and 2 more\. a PSI /);
  });

  it('names the segments and versions', () => {
    const { summary } = summarizeIncident([
      alert({ episode: 'e1', segment: 'region=MA' }),
      alert({ episode: 'e2', segment: '', version: '2' }),
    ]);
    assert.match(summary, /^Drift in car-loan v1, v2, overall and in region=MA, since /);
  });

  it('tells the minute where windows are shorter than a day, and a role that is not the usual one', () => {
    const hourly = { ...member('x'), windowEnd: START + DAY / 24 };
    const { summary } = summarizeIncident([alert({ members: [hourly], role: 'shadow', version: '' })]);
    assert.match(summary, /^Drift in car-loan \(shadow\) since 2018-10-30 00:00 UTC: x\. /);
  });

  it('stays open while any alert is on, and tells only of those', () => {
    const incident = summarizeIncident([
      alert({ episode: 'e1', state: 'resolved', members: [member('gone')] }),
      alert({ episode: 'e2', state: 'acknowledged', members: [member('here')] }),
    ]);
    assert.equal(incident.state, 'open');
    assert.match(incident.summary, /here/);
    assert.doesNotMatch(incident.summary, /gone/);
    assert.deepEqual(incidentFeatures(incident), ['here']);
  });

  it('is resolved when all alerts have ended, at the end of the last evidence', () => {
    const incident = summarizeIncident([
      alert({ episode: 'e1', state: 'resolved', asOf: START + 5 * DAY }),
      alert({ episode: 'e2', state: 'withdrawn', asOf: START + 4 * DAY }),
    ]);
    assert.equal(incident.state, 'resolved');
    assert.equal(incident.resolvedAt, START + 5 * DAY);
    assert.match(incident.summary, /^Resolved: .* from 2018-10-30 to 2018-11-04: salary_range\.$/);
  });

  it('is withdrawn when all alerts were', () => {
    const incident = summarizeIncident([alert({ state: 'withdrawn', severity: 'warning' })]);
    assert.equal(incident.state, 'withdrawn');
    assert.equal(incident.severity, 'warning');
    assert.match(incident.summary, /^Withdrawn: /);
  });

  it('takes severity and start from what was not withdrawn', () => {
    const incident = summarizeIncident([
      alert({ episode: 'e1', state: 'withdrawn', severity: 'critical', since: START - DAY }),
      alert({ episode: 'e2', state: 'resolved', severity: 'error', since: START }),
      alert({ episode: 'e3', state: 'firing', severity: 'warning', since: START + DAY }),
    ]);
    assert.equal(incident.severity, 'error');
    assert.equal(incident.since, START);
  });

  it('never closes on a state it does not know', () => {
    const incident = summarizeIncident([
      alert({ episode: 'e1', state: 'resolved' }),
      alert({ episode: 'e2', state: 'unknown' }),
    ]);
    assert.equal(incident.state, 'open');
  });

  it('refuses to make an incident of nothing', () => {
    assert.throws(() => summarizeIncident([]), RangeError);
    assert.throws(() => summarizeIncident([alert({ incident: null })]), RangeError);
  });

  it('holds its limits for any alerts: one line of at most 1,024 characters, no broken characters', () => {
    fc.assert(
      fc.property(fc.array(anyAlert, { minLength: 1, maxLength: 6 }), (events) => {
        const alerts = mergeAlerts([], events);
        const incident = summarizeIncident(alerts);
        assert.ok(incident.summary.length <= 1024);
        assert.doesNotMatch(incident.summary, /[\n\r\t]|\p{Surrogate}/u);
        const over = alerts.every((a) => a.state === 'resolved' || a.state === 'withdrawn');
        assert.equal(incident.state === 'open', !over);
        assert.equal(incident.resolvedAt === null, !over);
        assert.ok(alerts.some((a) => a.severity === incident.severity && a.since >= incident.since));
      }),
    );
  });
});

describe('mergeAlerts', () => {
  it('keeps the highest revision of each episode, in whatever order and however often they come', () => {
    fc.assert(
      fc.property(fc.array(anyAlert, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 20 }), (events, cuts) => {
        // One content per (episode, revision), as one writer makes them.
        const unique = [...new Map(events.map((event) => [`${event.episode}/${event.revision}`, event])).values()];
        const atOnce = mergeAlerts([], unique);
        const shuffled = unique.map((event, i) => ({ event, key: cuts[i] ?? i })).sort((a, b) => a.key - b.key);
        let stepwise: typeof atOnce = [];
        for (const { event } of [...shuffled, ...shuffled]) stepwise = mergeAlerts(stepwise, [event]);
        assert.deepEqual(stepwise, atOnce);
        for (const merged of atOnce) {
          const revisions = events.filter((event) => event.episode === merged.episode).map((event) => event.revision);
          assert.equal(merged.revision, Math.max(...revisions));
        }
      }),
    );
  });

  it('gives a version that rises with every change', () => {
    const known = [alert({ episode: 'e1', revision: 3 })];
    assert.ok(incidentVersion(mergeAlerts(known, [alert({ episode: 'e2' })])) > incidentVersion(known));
    assert.equal(incidentVersion(mergeAlerts(known, [alert({ episode: 'e1', revision: 2 })])), incidentVersion(known));
  });
});

describe('clip', () => {
  it('never cuts a character in half', () => {
    assert.equal(clip('ab😀cd', 4), 'ab…');
    assert.equal(clip('ab😀', 4), 'ab😀');
    assert.equal(clip(' a\n b ', 10), 'a b');
    assert.equal(clip('x\ud800y', 10), 'x\uFFFDy');
  });
});
