import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to a statement. `kill` and `stop` (SIGSTOP) meet the process that sent it; afterwards nobody answers. */
export type Act =
  | 'kill'
  | 'stop'
  | 'dropReply'
  /** The real answer's headers and first half, then the connection breaks. */
  | 'cutReply'
  | { status: number; body?: string }
  | { delayMs: number }
  | { exception: 'body' | 'header'; message?: string }
  | { call: () => void | Promise<void> };

/** A fault as plain data: the first rule that fits a statement and is not used up acts on it. */
export interface Rule {
  /**
   * Tested against the statement: "INSERT INTO `manifest_rows` FORMAT JSONEachRow", then a line break, then the data's beginning.
   * The ledger's and the raw rows are Native blocks, in which only texts can be recognised.
   */
  match: RegExp;
  /** `before`: the store never sees the statement (a delay or call excepted). `after`: the store has executed it. */
  at: 'before' | 'after';
  act: Act;
  /** Statements that fit and are let through first; default 0. */
  skip?: number;
  /** How often it acts; default once, Infinity for as long as it is there. */
  times?: number;
  /** Only what this member sends. */
  from?: string;
}

export interface Seen {
  at: number;
  /** The member that sent it. */
  from: string;
  statement: string;
  /** Of the answer the sender got; 0: none. */
  status: number;
}

interface Armed extends Rule {
  skipped: number;
  /** Statements it was chosen for; of these, those it has acted on. */
  used: number;
  acted: number;
}

export interface Arming {
  /** How often the rule has acted; a delay or call counts as it begins, a kill once the process is dead. */
  used(): number;
  /** Ends it. */
  remove(): void;
}

/** The sender, as the rules' acts need it. */
export interface Victim {
  name: string;
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

const STATEMENT_CHARS = 4_000;
const REMEMBERED = 20_000;

/**
 * Stands between the services and the store (ClickHouse's HTTP protocol) and makes faults. Senders are told apart by the
 * user name they connect with, which the world sets to the member's name.
 */
export class StoreProxy {
  url = '';
  readonly seen: Seen[] = [];
  readonly #target: () => string;
  readonly #victim: (name: string) => Victim | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #server: Server | null = null;
  #rules: Armed[] = [];
  #down = false;
  #slow: { match: RegExp; ms: number } | null = null;

  constructor(target: () => string, victim: (name: string) => Victim | undefined) {
    this.#target = target;
    this.#victim = victim;
  }

  async start(): Promise<void> {
    this.#server = createServer((message, reply) => {
      this.#handle(message, reply).catch(() => message.socket.destroy());
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    this.#agent.destroy();
  }

  /** Adds a rule; rules are tried in the order they were added. */
  arm(rule: Rule): Arming {
    const armed: Armed = { ...rule, skipped: 0, used: 0, acted: 0 };
    this.#rules.push(armed);
    return {
      used: () => armed.acted,
      remove: () => {
        this.#rules = this.#rules.filter((other) => other !== armed);
      },
    };
  }

  /** Every connection breaks, as if the server were gone. */
  down(): void {
    this.#down = true;
    this.#server?.closeAllConnections();
  }

  up(): void {
    this.#down = false;
  }

  /** Every statement that fits takes this much longer, until `ms` is 0. */
  slow(ms: number, match = /(?:)/): void {
    this.#slow = ms === 0 ? null : { ms, match };
  }

  async #handle(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const seen = { at: Date.now(), from: senderOf(message), statement: statementOf(message, body), status: 0 };
    this.seen.push(seen);
    if (this.seen.length > REMEMBERED) this.seen.splice(0, REMEMBERED / 2);
    if (this.#down) return void message.socket.destroy();
    if (this.#slow?.match.test(seen.statement)) await sleep(this.#slow.ms);
    const rule = this.#ruleFor(seen);
    if (rule?.at === 'before' && (await this.#act(rule, seen, message, reply))) return;
    if (this.#down) return void message.socket.destroy();
    const answer = await this.#forward(message, body);
    if (rule?.act === 'cutReply') {
      rule.acted += 1;
      return cutReply(answer, reply);
    }
    if (rule?.at === 'after' && (await this.#act(rule, seen, message, reply))) return;
    if (this.#down) return void message.socket.destroy();
    seen.status = answer.status;
    reply.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #ruleFor({ from, statement }: Seen): Armed | undefined {
    for (const rule of this.#rules) {
      if (rule.used >= (rule.times ?? 1) || (rule.from !== undefined && rule.from !== from)) continue;
      if (!rule.match.test(statement)) continue;
      if (rule.skipped < (rule.skip ?? 0)) {
        rule.skipped += 1;
        continue;
      }
      rule.used += 1;
      return rule;
    }
    return undefined;
  }

  /** Whether the statement has had its answer, or will have none. */
  async #act(rule: Armed, seen: Seen, message: IncomingMessage, reply: ServerResponse): Promise<boolean> {
    const { act } = rule;
    if (act !== 'kill') rule.acted += 1;
    if (act === 'kill' || act === 'stop') {
      const victim = this.#victim(seen.from);
      if (victim === undefined) throw new Error(`no member ${seen.from}`);
      if (act === 'stop') victim.signal('SIGSTOP');
      else {
        await victim.kill();
        // Told only now: who waits for it finds the process dead.
        rule.acted += 1;
      }
      message.socket.destroy();
      return true;
    }
    if (act === 'dropReply') {
      message.socket.destroy();
      return true;
    }
    if (act === 'cutReply') return false;
    if ('delayMs' in act) await sleep(act.delayMs);
    else if ('call' in act) await act.call();
    else {
      answerWith(act, reply);
      seen.status = reply.statusCode;
      return true;
    }
    return false;
  }

  #forward(message: IncomingMessage, body: Buffer): Promise<Answer> {
    const target = new URL(this.#target());
    const { 'transfer-encoding': _, connection: __, ...headers } = message.headers;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: target.hostname,
          port: target.port,
          path: message.url,
          method: message.method,
          agent: this.#agent,
          headers: { ...headers, host: target.host, 'content-length': String(body.length) },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const { connection: _, 'transfer-encoding': __, 'content-length': ___, ...kept } = answer.headers;
            resolve({ status: answer.statusCode ?? 500, headers: kept, body: Buffer.concat(chunks) });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

interface Answer {
  status: number;
  body: Buffer;
  headers: Record<string, string | string[] | undefined>;
}

const EXCEPTION = 'Code: 241. DB::Exception: Memory limit (total) exceeded: made by the test. (MEMORY_LIMIT_EXCEEDED)';

function answerWith(
  act: { status: number; body?: string } | { exception: string; message?: string },
  reply: ServerResponse,
) {
  if ('status' in act) reply.writeHead(act.status).end(act.body ?? '');
  else if (act.exception === 'header') {
    reply.writeHead(200, { 'X-ClickHouse-Exception-Code': '241' }).end(act.message ?? EXCEPTION);
  } else reply.writeHead(200).end(act.message ?? EXCEPTION);
}

function cutReply({ status, headers, body }: Answer, reply: ServerResponse): void {
  reply.writeHead(status, { ...headers, 'content-length': String(body.length + 1) });
  reply.flushHeaders();
  if (body.length > 1) reply.write(body.subarray(0, body.length / 2));
  setTimeout(() => reply.socket?.destroy(), 5);
}

function senderOf(message: IncomingMessage): string {
  const user = message.headers['x-clickhouse-user'];
  if (typeof user === 'string') return user;
  const [, encoded] = /^Basic (.+)$/.exec(message.headers.authorization ?? '') ?? [];
  return encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString().split(':')[0]!;
}

function statementOf(message: IncomingMessage, body: Buffer): string {
  const query = new URL(message.url ?? '/', 'http://store').searchParams.get('query');
  const text = body.subarray(0, STATEMENT_CHARS).toString('utf8');
  return query === null ? text : `${query}\n${text}`;
}
