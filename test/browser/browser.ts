import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type OpenOptions = Pick<BrowserContextOptions, 'colorScheme' | 'viewport'> & {
  /** Answers given in the API's place, by path. */
  answers?: Record<string, unknown>;
};

export interface Browsing {
  /** Opens an address in a profile of its own; `problems` gathers console errors, exceptions and policy violations. */
  open(url: string, options?: OpenOptions): Promise<{ page: Page; problems: string[] }>;
  close(): Promise<void>;
}

/** Debian's Chromium, as it is installed. */
export async function openBrowser(): Promise<Browsing> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  return {
    open: async (url, { answers = {}, ...options } = {}) => {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
      });
      page.on('pageerror', (error) => problems.push(error.message));
      for (const [path, body] of Object.entries(answers))
        await page.route(`**${path}`, (route) => route.fulfill({ json: body }));
      await page.goto(url);
      return { page, problems };
    },
    close: () => browser.close(),
  };
}
