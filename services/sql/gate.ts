import { createSlots } from '../../lib/runtime/slots.ts';
import { exception } from './exception.ts';

/** Lets `running` callers work at once and `waiting` more wait in order; the next is refused at once. */
export function createGate(running: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  const message = `Too many simultaneous queries. Maximum: ${running} running and ${waiting} waiting`;
  return createSlots(running, { waiting, refuse: () => exception('TOO_MANY_SIMULTANEOUS_QUERIES', message) });
}
