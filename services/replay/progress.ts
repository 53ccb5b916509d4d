import cliProgress from 'cli-progress';

/** How long work tells what it is doing: on stderr, as stdout carries results only. */
export interface Progress {
  step(what: string): void;
  begin(total: number): void;
  update(sent: number, time: number): void;
  end(): void;
}

/** A bar on a terminal, plain lines elsewhere. */
export function terminalProgress(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? bar(stream) : lines(stream);
}

function bar(stream: NodeJS.WriteStream): Progress {
  const format = 'Replaying {bar} {percentage} % | {value} of {total} events | {day}';
  const progress = new cliProgress.SingleBar({ format, stream, hideCursor: true }, cliProgress.Presets.shades_classic);
  return {
    step: (what) => void stream.write(`${what} …\n`),
    begin: (total) => progress.start(total, 0, { day: '' }),
    update: (sent, time) => progress.update(sent, { day: day(time) }),
    end: () => progress.stop(),
  };
}

function lines(stream: NodeJS.WriteStream): Progress {
  let total = 0;
  let told = 0;
  return {
    step: (what) => void stream.write(`${what}\n`),
    begin: (all) => {
      total = all;
      told = 0;
    },
    update: (sent, time) => {
      const tenth = Math.floor((10 * sent) / Math.max(total, 1));
      if (tenth === told) return;
      told = tenth;
      stream.write(`Replayed ${sent} of ${total} events, up to ${day(time)}\n`);
    },
    end: () => {},
  };
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
