import './style.css';
import { RequestError } from './client.ts';
import { type Loaded, load } from './routes.ts';
import { problemView } from './views/problem.ts';

const REFRESH_MS = 5_000;

const main = document.querySelector<HTMLElement>('#main')!;
const status = document.querySelector<HTMLElement>('#status')!;
let shown = { address: '', key: '' };
let running = new AbortController();
let timer = 0;

/** Reads and draws the current address; draws again only what changed, so that reading and selecting stay undisturbed. */
async function refresh(): Promise<void> {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  clearTimeout(timer);
  const address = location.pathname + location.search;
  try {
    show(address, await load(new URL(location.href), signal));
    setStatus('');
  } catch (error) {
    if (signal.aborted) return;
    showProblem(address, error);
  }
  timer = setTimeout(() => void refresh(), REFRESH_MS);
}

function show(address: string, loaded: Loaded): void {
  if (shown.address === address && shown.key === loaded.key) return;
  document.title = `${loaded.title} · Driftline`;
  replace(loaded.draw(), address);
  shown = { address, key: loaded.key };
}

/** A view already on screen stays there when a refresh fails; only the status line tells. */
function showProblem(address: string, error: unknown): void {
  const needsKey = error instanceof RequestError && (error.status === 401 || error.status === 403);
  const key = `problem ${error instanceof Error ? error.message : ''}`;
  if (shown.address === address && (shown.key === key || !shown.key.startsWith('problem')) && !needsKey) {
    setStatus('No answer; trying again');
    return;
  }
  if (shown.address === address && shown.key === key) return;
  document.title = 'Driftline';
  replace(
    problemView(error, () => void refresh()),
    address,
  );
  shown = { address, key };
}

function replace(children: HTMLElement[], address: string): void {
  const kept = document.activeElement?.getAttribute('data-keep');
  const open = [...main.querySelectorAll('details')].map((details) => details.open);
  const same = shown.address === address;
  main.replaceChildren(...children);
  if (same) for (const [i, details] of [...main.querySelectorAll('details')].entries()) details.open = open[i] ?? false;
  if (kept) main.querySelector<HTMLElement>(`[data-keep="${kept}"]`)?.focus();
  for (const anchor of document.querySelectorAll('nav a')) mark(anchor);
}

function mark(anchor: Element): void {
  const path = anchor.getAttribute('href')!;
  const current = path === '/' ? !location.pathname.startsWith('/incidents') : location.pathname.startsWith(path);
  if (current) anchor.setAttribute('aria-current', 'page');
  else anchor.removeAttribute('aria-current');
}

function setStatus(text: string): void {
  if (status.textContent !== text) status.textContent = text;
}

function go(path: string): void {
  history.pushState(null, '', path);
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
  void refresh();
}

document.addEventListener('click', (event) => {
  const anchor = (event.target as Element).closest('a[data-link]');
  if (!anchor || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(anchor.getAttribute('href')!);
});
document.addEventListener('driftline:go', (event) => go((event as CustomEvent<string>).detail));
addEventListener('popstate', () => void refresh());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  shown = { address: '', key: '' };
  void refresh();
});
void refresh();
