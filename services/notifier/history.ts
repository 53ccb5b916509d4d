import { afterNotice, type NoticeState } from '../../lib/core/alerts/notify.ts';
import type { Delivery } from '../../lib/tables/deliveries.ts';

/**
 * Whether a notice that was refused for good may be tried once more: the account is another one now (somebody mended the
 * routing key), or an operator asks for it (`retryParked`).
 */
export function deservesAnotherTry(delivery: Delivery, account: string, retryParked: boolean): boolean {
  return delivery.state === 'parked' && (retryParked || delivery.content.account !== account);
}

/** What a channel has been asked to say about an incident, from its deliveries in order. */
export function stateOf(deliveries: readonly Delivery[]): NoticeState | null {
  return deliveries.reduce<NoticeState | null>((state, { content, state: delivered }) => {
    const { action, incident } = content.notice;
    return afterNotice(state, { action, incident, parked: delivered === 'parked' });
  }, null);
}

/** Account through which the last accepted trigger went that no resolve has ended since; null where there is none. */
export function acceptedAccount(deliveries: readonly Delivery[]): string | null {
  return deliveries.reduce<string | null>((account, { content, state }) => {
    if (state !== 'sent') return account;
    return content.notice.action === 'resolve' ? null : content.account;
  }, null);
}
