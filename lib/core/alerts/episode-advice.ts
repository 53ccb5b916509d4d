import type { AlertMember } from './types.ts';

const DATA_QUALITY = new Set(['missing_rate', 'unseen_rate']);

/**
 * What to do about an alert, from which of its members moved; the first rule that matches decides (docs/alerts.md):
 * 1. predictions themselves are missing → halt;
 * 2. some feature's missing or unseen rate moved → look upstream: the drift is explained by the data feed;
 * 3. predictions moved together with features → retrain;
 * 4. predictions moved, no feature did → roll back: the model or its serving changed, not its input;
 * 5. only features moved → look: the model may still be right.
 * One sentence without its full stop; the members are named beside it.
 */
export function adviseOn(members: readonly AlertMember[]): string {
  const outputs = members.filter((member) => member.feature.startsWith('prediction.'));
  const inputs = members.filter((member) => !member.feature.startsWith('prediction.'));
  if (outputs.some((member) => member.metric === 'missing_rate')) {
    return 'Halt: predictions are missing; stop acting on this model until its serving is repaired';
  }
  const quality = inputs.filter((member) => DATA_QUALITY.has(member.metric));
  if (quality.length > 0) {
    return `Look: data quality changed upstream (${list(quality)}); repair the feed before you retrain`;
  }
  if (outputs.length > 0 && inputs.length > 0) {
    return 'Retrain: inputs and predictions moved together, so the model sees data it was not trained on';
  }
  if (outputs.length > 0) {
    return 'Roll back: predictions moved, no tested input did; compare with the last good version';
  }
  return 'Look: only inputs moved, no tested prediction did; check performance once labels arrive';
}

function list(members: readonly AlertMember[]): string {
  const shown = members.slice(0, 5).map((member) => member.feature);
  return members.length > shown.length
    ? `${shown.join(', ')} and ${members.length - shown.length} more`
    : shown.join(', ');
}
