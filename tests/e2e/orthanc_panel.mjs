// Uses Axial's panel in Orthanc Explorer with headless Chromium, as a radiologist would.
//
// Usage: node orthanc_panel.mjs PEERS WISH
// PEERS: build/peers. WISH: JSON {url, user: [name, password], study, series, model, result, pictures}: Orthanc's address and
// login; Orthanc's ids of a study and of its image series; the model to run by hand; the text that the link to its result
// begins with; a prefix for screenshots; broken: {url, user, study} of an Orthanc whose Axial does not run. Prints JSON {study, asked, finished, result, series, broken}: what the panel of the study shows
// before, just after and when the model has run, the address that the link led to, the panel of the series, and that of the
// broken one; each panel
//   {button, headline, sections: {title: text}, links: [text], models: [name], elements: {tag: count}, hacked}
import { createRequire } from 'module';
const [peers, wish] = process.argv.slice(2);
const { chromium } = createRequire(peers + '/node/')('playwright-core');
const { url, user, study, series, model, result, pictures, broken } = JSON.parse(wish);
const patience = { timeout: 90000 };

function read(page) {
  return page.locator('.ui-page-active .axial-panel').evaluate(panel => {
    const count = {};
    for (const one of panel.querySelectorAll('*')) count[one.tagName.toLowerCase()] = (count[one.tagName.toLowerCase()] || 0) + 1;
    return {
      button: panel.closest('.ui-page').querySelector('.axial-button').innerText.trim(),
      headline: panel.querySelector('.axial-headline').innerText,
      sections: Object.fromEntries([...panel.querySelectorAll('h4')].map(h => [h.innerText, h.parentElement.innerText])),
      links: [...panel.querySelectorAll('.axial-results a')].map(a => a.innerText),
      models: [...panel.querySelectorAll('.axial-model option')].map(option => option.value),
      elements: count, hacked: window.hacked || null };
  });
}

async function open(page, address, until = '.axial-run') {
  await page.goto(address);
  await page.reload();  // the page of a hash alone is not loaded again
  await page.locator('.ui-page-active .axial-button').click();
  await page.locator('.ui-page-active .axial-panel ' + until).waitFor();
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 },
    httpCredentials: { username: user[0], password: user[1] } });
  const page = await context.newPage();
  page.setDefaultTimeout(patience.timeout);
  page.on('dialog', dialog => { throw new Error('a dialog: ' + dialog.message()); });
  const answer = {};
  await open(page, `${url}/app/explorer.html#study?uuid=${study}`);
  answer.study = await read(page);
  await page.screenshot({ path: `${pictures}_study.png` });
  const active = selector => page.locator('.ui-page-active ' + selector);
  await active('.axial-model').selectOption(model);
  await active('.axial-run').click();
  await page.waitForFunction(() => document.querySelector('.ui-page-active .axial-answer')?.innerText, null, patience);
  answer.asked = { ...await read(page), answer: await active('.axial-answer').innerText() };
  const link = active('.axial-results a').filter({ hasText: new RegExp('^' + result) });
  await link.first().waitFor();
  await page.waitForFunction(() => document.querySelector('.ui-page-active .axial-button').innerText.includes('done'), null, patience);
  answer.finished = await read(page);
  await page.screenshot({ path: `${pictures}_finished.png`, fullPage: true });
  await link.first().click();
  await page.waitForURL(/#series\?uuid=/);
  answer.result = page.url();
  await open(page, `${url}/app/explorer.html#series?uuid=${series}`);
  answer.series = await read(page);
  await page.screenshot({ path: `${pictures}_series.png` });
  await open(page, `${broken.url}/app/explorer.html#study?uuid=${broken.study}`, '.axial-headline');
  answer.broken = await read(page);
  console.log(JSON.stringify(answer));
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
} finally {
  await browser.close();
}
