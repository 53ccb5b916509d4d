import type { Codec } from '../../../lib/ports/codec.ts';

const unused = (): never => {
  throw new Error('not used by the notifier');
};
export const createCodec = (_: object): Codec => ({
  decodePrediction: unused,
  decodeLabel: unused,
  encodeAnnouncement: unused,
  decodeAnnouncement: unused,
  eventText: unused,
  encodeAlert: (event) => Buffer.from(JSON.stringify(event)),
  decodeAlert: (value) => {
    const event = JSON.parse(value.toString());
    if (typeof event !== 'object' || !('episode' in event)) throw new Error('no alert event');
    return event;
  },
  encodeDeadLetter: (letter) =>
    Buffer.from(JSON.stringify({ ...letter, key: letter.key?.toString(), value: letter.value?.toString() })),
});
