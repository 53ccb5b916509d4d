import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { mergeAlerts, summarizeIncident } from '../../../lib/core/alerts/incident.ts';
import { afterNotice, decideNotice, type NoticeDecision, type NoticeState } from '../../../lib/core/alerts/notify.ts';
import type { AlertEvent } from '../../../lib/core/alerts/types.ts';
import { alert, anyAlert, member } from './incident-fixtures.ts';

function incidentOf(...alerts: AlertEvent[]) {
  return summarizeIncident(alerts);
}

/** State after a first trigger about these alerts. */
function told(...alerts: AlertEvent[]): NoticeState {
  return afterNotice(null, { action: 'trigger', incident: incidentOf(...alerts), parked: false });
}

function action(decision: NoticeDecision): string {
  assert.notEqual(decision.reason, '');
  return decision.action;
}

describe('decideNotice', () => {
  it('pages the first firing', () => {
    assert.deepEqual(decideNotice(null, incidentOf(alert())), { action: 'trigger', reason: 'first firing' });
  });

  it('says nothing about new scores of the same members', () => {
    const before = told(alert());
    const updated = alert({ revision: 2, state: 'updated', members: [member('salary_range', 9)] });
    assert.equal(action(decideNotice(before, incidentOf(updated))), 'none');
  });

  it('pages a raised severity once, and never a lowered one', () => {
    const before = told(alert({ severity: 'warning' }));
    const raised = incidentOf(alert({ severity: 'critical' }));
    assert.deepEqual(decideNotice(before, raised), {
      action: 'trigger',
      reason: 'severity raised from warning to critical',
    });
    const after = afterNotice(before, { action: 'trigger', incident: raised, parked: false });
    assert.equal(action(decideNotice(after, raised)), 'none');
    const lowered = incidentOf(alert({ severity: 'info' }));
    assert.equal(action(decideNotice(after, lowered)), 'none');
    assert.equal(action(decideNotice(after, raised)), 'none');
  });

  it('pages a new feature and a new alert, each once, however often they come and go', () => {
    const both = incidentOf(alert({ members: [member('salary_range'), member('size')] }));
    const before = told(alert());
    assert.equal(action(decideNotice(before, both)), 'trigger');
    const after = afterNotice(before, { action: 'trigger', incident: both, parked: false });
    assert.equal(action(decideNotice(after, incidentOf(alert()))), 'none');
    assert.equal(action(decideNotice(after, both)), 'none');
    const segment = incidentOf(alert(), alert({ episode: 'e2', segment: 'region=MA' }));
    assert.equal(action(decideNotice(after, segment)), 'trigger');
    const again = incidentOf(alert({ episode: 'e1', state: 'resolved' }), alert({ episode: 'e9' }));
    assert.equal(action(decideNotice(after, again)), 'none');
  });

  it('remembers every member it ever told of', () => {
    const only = (feature: string) => incidentOf(alert({ members: [member(feature)] }));
    const first = afterNotice(null, { action: 'trigger', incident: only('a'), parked: false });
    assert.equal(action(decideNotice(first, only('b'))), 'trigger');
    const second = afterNotice(first, { action: 'trigger', incident: only('b'), parked: false });
    assert.equal(action(decideNotice(second, only('a'))), 'none');
  });

  it('resolves once all alerts have ended, and only once', () => {
    const before = told(alert(), alert({ episode: 'e2', segment: 'region=MA' }));
    const half = incidentOf(alert({ state: 'resolved' }), alert({ episode: 'e2', segment: 'region=MA' }));
    assert.equal(action(decideNotice(before, half)), 'none');
    const over = incidentOf(alert({ state: 'resolved' }), alert({ episode: 'e2', state: 'withdrawn' }));
    assert.deepEqual(decideNotice(before, over), { action: 'resolve', reason: 'all alerts resolved' });
    const after = afterNotice(before, { action: 'resolve', incident: over, parked: false });
    assert.equal(action(decideNotice(after, over)), 'none');
  });

  it('resolves what was paged and then withdrawn; never pages what was withdrawn before', () => {
    const withdrawn = incidentOf(alert({ state: 'withdrawn' }));
    assert.equal(action(decideNotice(told(alert()), withdrawn)), 'resolve');
    assert.equal(action(decideNotice(null, withdrawn)), 'none');
  });

  it('tells an incident whole that was over before anybody heard of it: trigger, then resolve', () => {
    const over = incidentOf(alert({ state: 'resolved' }));
    assert.equal(action(decideNotice(null, over)), 'trigger');
    const after = afterNotice(null, { action: 'trigger', incident: over, parked: false });
    assert.equal(action(decideNotice(after, over)), 'resolve');
  });

  it('pages again when late data brings a resolved incident back', () => {
    const over = afterNotice(told(alert()), {
      action: 'resolve',
      incident: incidentOf(alert({ state: 'resolved' })),
      parked: false,
    });
    assert.equal(action(decideNotice(over, incidentOf(alert({ revision: 3 })))), 'trigger');
  });

  it('does not resolve what no trigger was accepted for, and tries again on news', () => {
    const parked = afterNotice(null, { action: 'trigger', incident: incidentOf(alert()), parked: true });
    assert.equal(action(decideNotice(parked, incidentOf(alert({ state: 'resolved' })))), 'none');
    assert.equal(action(decideNotice(parked, incidentOf(alert({ severity: 'critical' })))), 'trigger');
  });

  it('does not page on a state it does not know', () => {
    assert.equal(action(decideNotice(null, incidentOf(alert({ state: 'unknown' })))), 'none');
  });

  it('over any history: triggers and resolves alternate rightly, and it comes to rest', () => {
    const history = fc.array(anyAlert, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(history, fc.array(fc.boolean(), { maxLength: 12 }), (events, parks) => {
        let alerts: AlertEvent[] = [];
        let state: NoticeState | null = null;
        let accepted = false;
        for (const [i, event] of events.entries()) {
          alerts = mergeAlerts(alerts, [event]);
          const incident = summarizeIncident(alerts);
          for (let step = 0; ; step++) {
            assert.ok(step <= 2, 'a decision must come to rest');
            const decision = decideNotice(state, incident);
            if (decision.action === 'none') break;
            const parked: boolean = decision.action === 'trigger' && (parks[i] ?? false);
            if (decision.action === 'resolve') {
              assert.ok(accepted, 'a resolve needs an accepted trigger before it');
              assert.notEqual(incident.state, 'open');
            }
            accepted = decision.action === 'trigger' && (accepted || !parked);
            state = afterNotice(state, { action: decision.action, incident, parked });
          }
          // At rest, the channel agrees with the incident unless it refused, or there never was anything to page.
          if (state?.paged) assert.equal(incident.state, 'open');
        }
      }),
    );
  });
});
