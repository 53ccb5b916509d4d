import { DriftlineError } from '../errors.ts';

/** One mistake in the configuration. `path` is as written in the file, such as `monitors[0].window`; '' is the whole file. */
export interface Problem {
  path: string;
  message: string;
}

/** All mistakes at once, so that they can be mended in one go. */
export class ConfigError extends DriftlineError {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super('config_invalid', problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

function formatProblem(problem: Problem): string {
  return problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`;
}

/** `formatPath(['models', 0, 'window'])` is `models[0].window`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
