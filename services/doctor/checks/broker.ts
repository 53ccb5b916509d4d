import { describeError } from '../../../lib/runtime/errors.ts';
import type { Check, DoctorWorld, Finding } from '../types.ts';
import { ok, problem } from '../types.ts';

export const brokerCheck: Check = { name: 'broker', needs: [], run: inspect };

async function inspect({ config, log }: DoctorWorld): Promise<Finding[]> {
  if (log === null || config.log.kind !== 'kafka') return [];
  const { brokers } = config.log;
  try {
    const { id, nodes, controller } = await log.cluster();
    const addresses = nodes.map((node) => node.address).join(', ');
    const found = ok(`cluster ${id}: ${nodes.length} node${nodes.length === 1 ? '' : 's'} (${addresses})`);
    if (controller !== null && controller >= 0) return [found];
    return [found, problem('the cluster has no controller', 'see the log of its controller nodes')];
  } catch (error) {
    const message = `Kafka does not answer at ${brokers.join(', ')}: ${describeError(error)}`;
    return [problem(message, 'check log.brokers, that the brokers are up, and the network between')];
  }
}
