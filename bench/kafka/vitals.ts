import { Session } from 'node:inspector';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const SAMPLE_MS = 50;
const BETWEEN_ALLOCATIONS = 64 * 1024;

/** How a process felt, from `new Vitals` to `end`. Bytes and ms. */
export interface VitalSigns {
  /** Busy with all of the process. */
  cores: number;
  /** Of the process so far, and when it began. */
  peakRss: number;
  beganRss: number;
  peakHeap: number;
  /** ArrayBuffers and Buffers. */
  peakBuffers: number;
  /** How late the event loop was. */
  delayP50: number;
  delayP99: number;
  delayMost: number;
  /** Share of wall clock that the main thread spent collecting garbage. */
  gcShare: number;
  /** Shares of what was allocated on the heap, by whose code; null where it was not asked for. */
  allocated: { kafkajs: number; port: number; rest: number } | null;
}

/** Watches this process. */
export class Vitals {
  readonly #began = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #beganRss = process.memoryUsage.rss();
  readonly #timer: NodeJS.Timeout;
  readonly #observer: PerformanceObserver;
  readonly #session: Session | null = null;
  #heap = 0;
  #buffers = 0;
  #gc = 0;

  constructor(allocations = false) {
    this.#delay.enable();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#gc += duration;
    });
    this.#observer.observe({ entryTypes: ['gc'] });
    if (!allocations) return;
    this.#session = new Session();
    this.#session.connect();
    this.#session.post('HeapProfiler.startSampling', {
      samplingInterval: BETWEEN_ALLOCATIONS,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
  }

  #sample(): void {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    this.#heap = Math.max(this.#heap, heapUsed);
    this.#buffers = Math.max(this.#buffers, arrayBuffers);
  }

  async end(): Promise<VitalSigns> {
    clearInterval(this.#timer);
    this.#sample();
    this.#delay.disable();
    this.#observer.disconnect();
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsed = performance.now() - this.#began;
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    return {
      cores: (user + system) / 1000 / elapsed,
      peakRss: process.resourceUsage().maxRSS * 1024,
      beganRss: this.#beganRss,
      peakHeap: this.#heap,
      peakBuffers: this.#buffers,
      delayP50: late(this.#delay.percentile(50)),
      delayP99: late(this.#delay.percentile(99)),
      delayMost: late(this.#delay.max),
      gcShare: this.#gc / elapsed,
      allocated: await this.#allocated(),
    };
  }

  async #allocated(): Promise<VitalSigns['allocated']> {
    const session = this.#session;
    if (session === null) return null;
    const head = await new Promise<AllocationNode>((resolve, reject) => {
      session.post('HeapProfiler.stopSampling', (error, { profile }) =>
        error ? reject(error) : resolve(profile.head),
      );
    });
    session.disconnect();
    const sums = { kafkajs: 0, port: 0, rest: 0 };
    addTo(sums, head, 'rest');
    const all = sums.kafkajs + sums.port + sums.rest;
    return { kafkajs: sums.kafkajs / all, port: sums.port / all, rest: sums.rest / all };
  }
}

interface AllocationNode {
  callFrame: { url: string };
  selfSize: number;
  children: AllocationNode[];
}

type Owner = 'kafkajs' | 'port' | 'rest';

/** What Node's own functions allocate is counted to who called them; a socket's to the client that it is read for. */
function addTo(sums: Record<Owner, number>, { callFrame, selfSize, children }: AllocationNode, caller: Owner): void {
  const owner = ownerOf(callFrame.url) ?? caller;
  sums[owner] += selfSize;
  for (const child of children) addTo(sums, child, owner);
}

function ownerOf(url: string): Owner | null {
  if (url.includes('/node_modules/kafkajs/') || url === 'node:net' || url.includes('stream_base_commons'))
    return 'kafkajs';
  if (url.includes('/lib/adapters/kafka/')) return 'port';
  return url === '' || url.startsWith('node:') ? null : 'rest';
}
