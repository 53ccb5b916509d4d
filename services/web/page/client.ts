const KEY = 'driftline-key';

/** The API's refusal; `status` 401 or 403 means that a key is needed. */
export class RequestError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The key lives in this tab only: sessionStorage ends with it, and other sites cannot read it. */
export function setKey(key: string): void {
  sessionStorage.setItem(KEY, key);
}

/** GET of one API path; the body's text stays at hand so that unchanged answers are not drawn again. */
export async function get(path: string, signal: AbortSignal): Promise<string> {
  const key = sessionStorage.getItem(KEY);
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(path, { headers, signal });
  const text = await response.text();
  if (response.ok) return text;
  if (response.status === 401 && key !== null) throw new RequestError(401, 'The key was not accepted.');
  throw new RequestError(response.status, messageOf(text) ?? `${response.status} ${response.statusText}`);
}

function messageOf(text: string): string | null {
  try {
    const body = JSON.parse(text) as { error?: { message?: string } };
    return body.error?.message ?? null;
  } catch {
    return null;
  }
}
