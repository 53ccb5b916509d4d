import { within } from './within.ts';

const RETRY_MS = 1000;
/** The client's own requests give up before. */
const ANSWER_MS = 60_000;

/** Repeats a question to the cluster until it is answered; undefined when `over` says that nobody waits for it any more. */
export async function insist<T>(over: () => boolean, ask: () => Promise<T>): Promise<T | undefined> {
  while (!over()) {
    try {
      const answer = await within(ANSWER_MS, 'Kafka', ask());
      if (!over()) return answer;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return undefined;
}
