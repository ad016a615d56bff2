// Opens studies in the OHIF viewer with headless Chromium, one result in each, and tells what the viewer shows.
//
// Usage: node ohif.mjs PEERS LOOKS
// PEERS: build/peers. LOOKS: JSON, [{url, open, at, picture}]: the study's address; text of the object to double-click ('':
// the address opens it); for a Segmentation, the SOP Instance UID of the image to show it on; where the screenshot goes.
// Prints a JSON array, for each
//   {objects, rows, segments: [{name, colour}], texts, fault, image, viewport, origin, column_step, row_step}
// objects: the study's objects that are no images, as listed; rows and segments: the panel of segments; texts: what is
// written beside a report's outlines; fault: the viewer's own error message, with its details, or ''; image: SOP Instance UID
// of what is shown; viewport: [left, top, right, bottom] in the picture; origin: where in the picture the centre of pixel
// (0, 0) of the image is; column_step, row_step: how far, in picture pixels, the next column and the next row are.
import { createRequire } from 'module';
const [peers, looks] = process.argv.slice(2);
const { chromium, selectors } = createRequire(peers + '/node/')('playwright-core');
selectors.setTestIdAttribute('data-cy');
const patience = { timeout: 90000 };

// A report's measurements are drawn, or a Segmentation is loaded, or the viewer gave up. On a busy machine OHIF draws the
// image before it knows the report's outlines, which then appear when anything, like a moved mouse, has it drawn again.
function opened() {
  window.cornerstone?.getRenderingEngines()?.[0]?.getViewports()[0]?.render();
  return document.querySelector('.svg-layer text') || document.querySelector('[data-sonner-toast]') ||
    window.cornerstoneTools?.segmentation.state.getSegmentations()
      .some(one => Object.values(one.segments).some(segment => segment.label));
}

// Where the image is in the picture: by its geometry, or, where it has none, by the viewer's own.
function geometry() {
  const viewport = window.cornerstone.getRenderingEngines()[0].getViewports()[0], id = viewport.getCurrentImageId();
  const plane = window.cornerstone.metaData.get('imagePlaneModule', id), box = viewport.canvas.getBoundingClientRect();
  const at = (column, row) => {
    const world = plane.rowCosines && plane.imagePositionPatient
      ? [0, 1, 2].map(i => plane.imagePositionPatient[i] + plane.rowCosines[i] * column * plane.columnPixelSpacing +
          plane.columnCosines[i] * row * plane.rowPixelSpacing)
      : window.cornerstone.utilities.imageToWorldCoords(id, [column, row]);
    const [x, y] = viewport.worldToCanvas(world);
    return [x + box.left, y + box.top];
  };
  const origin = at(0, 0), minus = (a, b) => [a[0] - b[0], a[1] - b[1]];
  return { image: id.split('/instances/')[1].split('/')[0], origin, column_step: minus(at(1, 0), origin),
    row_step: minus(at(0, 1), origin), viewport: [box.left, box.top, box.right, box.bottom],
    segments: window.cornerstoneTools.segmentation.state.getSegmentations().flatMap(one =>
      Object.values(one.segments).filter(segment => segment.label).map(segment => ({ name: segment.label,
        colour: window.cornerstoneTools.segmentation.config.color.getSegmentIndexColor(
          viewport.id, one.segmentationId, segment.segmentIndex) }))),
    texts: [...document.querySelectorAll('.svg-layer text')].map(text => [...text.children].map(line => line.textContent)) };
}

// The viewport has the image that it names.
function shown() {
  const viewport = window.cornerstone?.getRenderingEngines()?.[0]?.getViewports()[0];
  return viewport?.getCornerstoneImage() && viewport.getCornerstoneImage().imageId === viewport.getCurrentImageId();
}

// The picture no longer changes, however often the viewer draws it.
async function settle(page, picture) {
  let last = null;
  for (const until = Date.now() + patience.timeout; Date.now() < until;) {
    const now = (await page.screenshot({ path: picture })).toString('base64');
    if (now === last) return;
    last = now;
    await page.evaluate(() => window.cornerstone?.getRenderingEngines()?.[0]?.getViewports()[0]?.render());
    await page.waitForTimeout(300);
  }
}

async function look(browser, { url, open, at, picture }) {
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  page.setDefaultTimeout(patience.timeout);
  try {
    await page.goto(url);
    await page.getByText('Skip all').click();  // the viewer's own tour for newcomers
    await page.getByTestId('study-browser-thumbnail').first().waitFor();  // the images that the object speaks of
    const objects = page.getByTestId('study-browser-thumbnail-no-image');
    const wanted = open ? objects.filter({ hasText: open }) : objects.first();
    await wanted.waitFor();
    const answer = { objects: await objects.allInnerTexts(), rows: [], segments: [], texts: [], fault: '' };
    if (open) await wanted.dblclick();
    await page.waitForFunction(opened, null, { ...patience, polling: 300 });
    const faults = page.locator('[data-sonner-toast]').filter({ hasText: /wrong|error/i });
    answer.fault = (await faults.allInnerTexts()).join();
    const details = faults.getByText('Show Details').first();
    if (await details.count()) {
      await details.click();
      answer.fault = await page.getByRole('dialog').innerText();
    }
    if (!answer.fault && at) {
      // The panel of segments, as a person would open it.
      await page.getByTestId('panelSegmentation-btn').click();
      await page.getByTestId('data-row').first().waitFor();
      answer.rows = await page.getByTestId('data-row').allInnerTexts();
      await page.waitForFunction(shown, null, patience);
      await page.evaluate(async wanted => {
        const viewport = window.cornerstone.getRenderingEngines()[0].getViewports()[0];
        const index = viewport.getImageIds().findIndex(id => id.includes('/' + wanted + '/'));
        if (index < 0) throw new Error('the viewport does not have the image ' + wanted);
        await viewport.setImageIdIndex(index);
        viewport.render();
      }, at);
      await page.waitForFunction(wanted => window.cornerstone.getRenderingEngines()[0].getViewports()[0]
        .getCurrentImageId().includes('/' + wanted + '/'), at, patience);
    }
    if (!answer.fault) await page.waitForFunction(shown, null, patience);
    await settle(page, picture);
    return { ...answer, ...(answer.fault ? {} : await page.evaluate(geometry)) };
  } catch (error) {
    await page.screenshot({ path: picture }).catch(() => {});
    throw new Error(`${open} at ${url}: ${error}; picture: ${picture}`);
  } finally {
    await page.close();
  }
}

// WebGL in software.
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [
  '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'] });
try {
  const answers = [];
  for (const one of JSON.parse(looks)) answers.push(await look(browser, one));
  console.log(JSON.stringify(answers));
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
} finally {
  await browser.close();
}
