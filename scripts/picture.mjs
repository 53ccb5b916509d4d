// Takes the README's picture anew: `npm run picture` runs the demo and photographs the page of its incident. Needs
// Debian's chromium (scripts/setup.mjs installs it).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { root } from './needs.mjs';

const OUT = `${root}docs/images/incident.png`;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

const demo = spawn(process.execPath, [`${root}bin/driftline.cjs`, 'demo', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let incident = '';
for await (const line of createInterface({ input: demo.stdout })) {
  if (line.includes('/incidents/')) incident = line.trim();
  if (line.startsWith('incidents: ')) break;
}
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
const page = await browser.newPage({ viewport: { width: 1200, height: 1000 }, deviceScaleFactor: 1.5 });
await page.goto(incident);
await page.waitForLoadState('networkidle');
await page.waitForTimeout(1500);
await page.screenshot({ path: OUT });
await browser.close();
demo.kill('SIGINT');
await once(demo, 'exit');
console.log(OUT);
