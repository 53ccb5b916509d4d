import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { createApi } from '../../services/api/index.ts';
import { loadPage } from '../../services/web/assets.ts';
import { type Bench, openBench } from '../services/api/harness.ts';
import { HOSTILE, INCIDENT, MODEL, MONITOR, seed } from '../services/api/seed.ts';
import { type Browsing, openBrowser } from './browser.ts';

let bench: Bench;
let api: ReturnType<typeof createApi>;
let browsing: Browsing;

before(async () => {
  bench = await openBench({ store: true });
  await seed(bench.ctx.store);
  api = createApi(bench.with({ monitors: [MONITOR] }), { page: loadPage });
  await api.start();
  browsing = await openBrowser();
});
after(async () => {
  await browsing.close();
  await api.stop();
  await bench.close();
});

const text = async (page: Page, selector = 'main'): Promise<string> =>
  (await page.locator(selector).first().textContent()) ?? '';

for (const scheme of ['light', 'dark'] as const) {
  test(`every view loads by its own address without errors or policy violations (${scheme})`, async () => {
    const views: [path: string, shows: RegExp][] = [
      ['/', /Models[\s\S]*car-loan[\s\S]*Drifting/],
      [`/models/${MODEL}`, /Scores[\s\S]*car_value[\s\S]*Columns[\s\S]*Latest windows/],
      [`/models/${MODEL}/features/car_value`, /Reference against current[\s\S]*psi\/quantile10@1/],
      [`/models/${MODEL}/features/salary_range`, /60K\+ € \(new\)/],
      ['/incidents', /Drift|drift/],
      [
        `/incidents/${INCIDENT}`,
        /What to do[\s\S]*upstream[\s\S]*What changed[\s\S]*Before and after[\s\S]*Timeline[\s\S]*Deliveries[\s\S]*SELECT/,
      ],
    ];
    for (const [path, shows] of views) {
      const { page, problems } = await browsing.open(api.url + path, { colorScheme: scheme });
      await page.locator('main h1').waitFor();
      assert.match(await text(page), shows, path);
      assert.deepEqual(problems, [], path);
      await page.close();
    }
  });
}

test('a model shows scores against thresholds, and what is over them', async () => {
  const { page } = await browsing.open(`${api.url}/models/${MODEL}`);
  const card = page.locator('.multiple', { hasText: 'car_value' });
  assert.match((await card.textContent()) ?? '', /ks[\s\S]*0\.8\d* \/ 0\.1/);
  assert.match((await card.getAttribute('class')) ?? '', /breached/);
  const quiet = page.locator('.multiple', { hasText: 'loan_length' });
  assert.doesNotMatch((await quiet.getAttribute('class')) ?? '', /breached/);
  await page.close();
});

test('a column draws its scores, histogram and table, and follows the chosen window', async () => {
  const { page, problems } = await browsing.open(`${api.url}/models/${MODEL}/features/car_value`);
  await page.locator('.chart canvas').first().waitFor();
  assert.equal(await page.locator('.chart canvas').count(), 3);
  assert.match(
    (await page.locator('.chart').first().getAttribute('aria-label')) ?? '',
    /24 windows, 6 breached, latest .* against threshold 0\.1/,
  );
  assert.ok((await page.locator('.histogram .bar').count()) > 20);
  const drifted = await text(page, '.sides');
  await page.locator('select').selectOption({ label: '2018-10-02' });
  await page.waitForURL(/window_start=/);
  await page.locator('.about', { hasText: 'Window 2018-10-02 to 2018-10-03' }).waitFor();
  assert.notEqual(await text(page, '.sides'), drifted);
  await page.goBack();
  await page.locator('.about', { hasText: 'Window 2018-10-24' }).waitFor();
  assert.equal(await text(page, '.sides'), drifted);
  assert.deepEqual(problems, []);
  await page.close();
});

test('hostile names stay text, in every view', async () => {
  const name = encodeURIComponent(HOSTILE);
  for (const path of [
    '/',
    `/models/${MODEL}`,
    `/models/${name}`,
    `/models/${MODEL}/features/${name}`,
    `/incidents/${INCIDENT}`,
  ]) {
    const { page, problems } = await browsing.open(api.url + path);
    await page.locator('main h1').waitFor();
    assert.ok((await text(page)).includes(HOSTILE), path);
    assert.equal(await page.locator('main img').count(), 0, path);
    assert.equal(await page.evaluate(`'pwned' in window`), false, path);
    assert.deepEqual(problems, [], path);
    await page.close();
  }
});

test('what did not reach a channel is said at the head of the incident, in the channel’s words', async () => {
  const sent = (await (await fetch(`${api.url}/v1/incidents/${INCIDENT}`)).json()) as { deliveries: object[] };
  const told = { channel: 'pagerduty', action: 'trigger', dedup_key: INCIDENT, next_attempt_at: Date.UTC(2018, 9, 25) };
  const reason = 'HTTP 400 {"message":"<b>invalid</b> routing key"}';
  const deliveries = [
    { ...told, state: 'parked', attempt: 1, status: 400, reason },
    { ...told, action: 'resolve', state: 'pending', attempt: 7, status: 503, reason: 'HTTP 503' },
    { ...told, state: 'pending', attempt: 0, status: 0, reason: 'first firing' },
  ];
  const { page, problems } = await browsing.open(`${api.url}/incidents/${INCIDENT}`, {
    answers: { [`/v1/incidents/${INCIDENT}`]: { ...sent, deliveries } },
  });
  await page.locator('main h1').waitFor();
  const notices = page.locator('.undelivered');
  assert.equal(await notices.count(), 2, 'a first attempt that is under way alarms nobody');
  assert.equal(
    await notices.nth(0).textContent(),
    `This incident was refused by pagerduty and is not tried again: ${reason}`,
  );
  assert.match(
    (await notices.nth(1).textContent()) ?? '',
    /^Its end has not reached pagerduty in 7 attempts, the next is at 2018-10-25.*: HTTP 503$/,
  );
  assert.match(await text(page), /Deliveries[\s\S]*parked[\s\S]*400[\s\S]*invalid/);
  assert.deepEqual(problems, []);
  await page.close();
  const { page: quiet } = await browsing.open(`${api.url}/incidents/${INCIDENT}`);
  await quiet.locator('main h1').waitFor();
  assert.equal(await quiet.locator('.undelivered').count(), 0);
  await quiet.close();
});

test('links are followed in place, and by keyboard', async () => {
  const { page } = await browsing.open(`${api.url}/incidents/${INCIDENT}`);
  await page.locator('main h1').waitFor();
  await page.evaluate('window.stayed = true');
  await page.locator('.crumbs a', { hasText: MODEL }).focus();
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: MODEL }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/models/${MODEL}`);
  await page.locator('.multiple a', { hasText: 'car_value' }).click();
  await page.locator('h1', { hasText: 'car_value' }).waitFor();
  await page.goBack();
  await page.locator('h1', { hasText: MODEL }).waitFor();
  assert.equal(await page.evaluate(`'stayed' in window`), true);
  assert.equal(await page.title(), `${MODEL} · Driftline`);
  await page.close();
});

test('it says what to do where there is nothing', async () => {
  const unmonitored = await browsing.open(`${api.url}/models/${encodeURIComponent(HOSTILE)}`);
  await unmonitored.page.locator('main h1').waitFor();
  assert.match(await text(unmonitored.page), /No monitor tests this model[\s\S]*monitors init/);
  await unmonitored.page.close();
  const missing = await browsing.open(`${api.url}/models/nobody`);
  await missing.page.locator('.empty').waitFor();
  assert.match(await text(missing.page), /Not found[\s\S]*nobody/);
  await missing.page.close();
});

test('new data appears by itself, and an outage keeps what is shown', async () => {
  const { page } = await browsing.open(api.url);
  await page.locator('main h1').waitFor();
  await bench.ctx.store.insert('model_rows', [
    { model: 'late-arrival', row_version: 0, window_ms: 60_000, timezone: 'UTC' },
  ]);
  await page.locator('.card', { hasText: 'late-arrival' }).waitFor({ timeout: 60_000 });
  await page.route('**/v1/**', (route) => route.abort());
  await page.locator('#status', { hasText: 'trying again' }).waitFor({ timeout: 60_000 });
  assert.match(await text(page), /car-loan/);
  await page.close();
});

test('nothing overflows a phone', async () => {
  for (const path of [
    '/',
    `/models/${MODEL}`,
    `/models/${MODEL}/features/${encodeURIComponent(HOSTILE)}`,
    `/incidents/${INCIDENT}`,
  ]) {
    const { page } = await browsing.open(api.url + path, { viewport: { width: 360, height: 740 } });
    await page.locator('main h1').waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, path);
    await page.close();
  }
});

test('with keys the page asks for one, keeps it in the tab, and shows the data', async () => {
  const file = join(bench.dir, 'keys');
  await writeFile(file, `viewer ${createHash('sha256').update('letmein').digest('hex')} read\n`);
  const guarded = createApi(bench.with({ ingestKeysFile: file }), { page: loadPage });
  await guarded.start();
  try {
    const { page, problems } = await browsing.open(`${guarded.url}/incidents/${INCIDENT}`);
    await page.getByLabel('Key with the role read').fill('viewer.letmein');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('main h1').waitFor();
    assert.match(await text(page), /What changed/);
    await page.reload();
    await page.locator('main h1').waitFor();
    assert.equal(await page.evaluate('localStorage.length'), 0);
    assert.ok(
      problems.every((problem) => problem.includes('401')),
      problems.join(),
    );
    await page.close();
  } finally {
    await guarded.stop();
  }
});

test('a page with no model shows how to send the first event', async () => {
  const { page } = await browsing.open(api.url, { answers: { '/v1/models': { models: [] } } });
  await page.locator('.empty').waitFor();
  assert.match(await text(page), /No model has been seen yet[\s\S]*curl -X POST .*\/v1\/predictions/);
  await page.close();
});
