import type { Check } from '../types.ts';
import { brokerCheck } from './broker.ts';
import { channelsCheck } from './channels.ts';
import { clocksCheck } from './clocks.ts';
import { configurationCheck } from './configuration.ts';
import { embeddedCheck } from './embedded.ts';
import { groupsCheck } from './groups.ts';
import { processCheck } from './process.ts';
import { recordsCheck } from './records.ts';
import { restartCheck } from './restart.ts';
import { schemaCheck } from './schema.ts';
import { storageCheck } from './storage.ts';
import { storeCheck } from './store.ts';
import { topicsCheck } from './topics.ts';

/** In the order in which they are told; docs/doctor.md describes each. */
export const CHECKS: readonly Check[] = [
  configurationCheck,
  processCheck,
  embeddedCheck,
  brokerCheck,
  topicsCheck,
  groupsCheck,
  storeCheck,
  schemaCheck,
  storageCheck,
  restartCheck,
  recordsCheck,
  channelsCheck,
  clocksCheck,
];
