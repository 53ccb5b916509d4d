import type { LogEntry } from 'kafkajs';

/** An assignment as the group coordinator gave it. */
export interface Joined {
  generation: number;
  /** The member took part in every generation since its last assignment, so what it kept nobody else had meanwhile. */
  continuous: boolean;
}

/**
 * Learns the group's generation, which kafkajs keeps to itself: its GROUP_JOIN event lacks it, and only its debug line
 * just before that event tells it. kafkajs is at its last version, so the line stays as it is; should it be missing, the
 * consumer fails by name instead of committing under a wrong generation.
 */
export class GenerationWatch {
  private announced: { generation: number; memberId: string } | null = null;
  private current: { generation: number; memberId: string } | null = null;

  /** For every line kafkajs logs. */
  readonly watch = ({ namespace, log }: LogEntry): void => {
    if (namespace !== 'ConsumerGroup' || log.message !== 'Received assignment') return;
    this.announced = { generation: Number(log.generationId), memberId: String(log.memberId) };
  };

  /** For every GROUP_JOIN event. */
  joined(memberId: string): Joined {
    const { announced, current } = this;
    if (announced === null || announced.memberId !== memberId || !Number.isInteger(announced.generation)) {
      throw new Error('kafkajs did not tell the generation of the consumer group (is KAFKAJS_LOG_LEVEL set?)');
    }
    this.announced = null;
    this.current = announced;
    const continuous =
      current !== null && current.memberId === memberId && announced.generation === current.generation + 1;
    return { generation: announced.generation, continuous };
  }
}
