import { describeError } from '../../../lib/runtime/errors.ts';
import { askPagerDuty } from '../pagerduty.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem, warning } from '../types.ts';

/** The channels can be reached. Nobody is paged: what is sent is no event, which the other side refuses. */
export const channelsCheck: Check = { name: 'channels', needs: [], run: inspect };

async function inspect({ config, fetch, now }: DoctorWorld): Promise<Finding[]> {
  if (config.pagerduty === null)
    return [warning('no channel is configured: nobody will be paged', 'add pagerduty.routing_key_file')];
  const { baseUrl } = config.pagerduty;
  try {
    const answer = await askPagerDuty(baseUrl, fetch, now);
    return [judge(answer.status, baseUrl, answer.tookMs)];
  } catch (error) {
    const message = `PagerDuty does not answer at ${baseUrl}: ${describeError(error)}`;
    return [problem(message, 'check pagerduty.base_url, DNS, proxies and the firewall: it needs HTTPS to that host')];
  }
}

function judge(status: number, baseUrl: string, tookMs: number): Finding {
  const where = `PagerDuty at ${baseUrl}`;
  if (status === 400)
    return ok(`${where} answers in ${tookMs} ms; whether the routing key is a service's only a page can tell`);
  if (status === 429)
    return warning(`${where} answers 429: too many requests`, 'wait; pages are sent again by themselves');
  if (status >= 500) return problem(`${where} answers ${status}`, 'see https://status.pagerduty.com');
  return problem(
    `${where} answers ${status} where the Events API answers 400: something else may be listening there`,
    'check pagerduty.base_url (EU: https://events.eu.pagerduty.com) and proxies on the way',
  );
}
