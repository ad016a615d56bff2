// Opens a study in the OHIF viewer with headless Chromium, loads its Segmentation, and tells what the viewer shows.
//
// Usage: node ohif.mjs PEERS URL SOP_INSTANCE_UID PICTURE
// PEERS: build/peers; SOP_INSTANCE_UID: the image to show; PICTURE: where the screenshot goes. Prints one JSON object:
//   {thumbnails, rows, segments: [{name, colour}], viewport, origin, column_step, row_step}
// where viewport is [left, top, right, bottom] in the picture, and origin, column_step and row_step are where in the picture the centre of pixel (0, 0) of the image lies and how
// far, in picture pixels, the next column and the next row are. They come from the image's own geometry.
import { createRequire } from 'module';
const [peers, url, instance, picture] = process.argv.slice(2);
const { chromium, selectors } = createRequire(peers + '/node/')('playwright-core');
selectors.setTestIdAttribute('data-cy');

// WebGL in software.
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: [
  '--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'] });
const patience = { timeout: 120000 };
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
page.setDefaultTimeout(patience.timeout);
try {
  await page.goto(url);
  await page.getByText('Skip all').click();  // the viewer's own tour for newcomers
  const objects = page.getByTestId('study-browser-thumbnail-no-image');
  const segmentation = objects.filter({ hasText: 'SEG' }).first();
  await segmentation.waitFor();
  const thumbnails = await objects.allInnerTexts();
  await segmentation.dblclick();
  const loaded = () => window.cornerstoneTools?.segmentation.state.getSegmentations()
    .some(one => Object.values(one.segments).some(segment => segment.label));
  await page.waitForFunction(loaded, null, patience);
  // The panel of segments, as a person would open it.
  await page.getByTestId('panelSegmentation-btn').click();
  await page.getByTestId('data-row').first().waitFor();
  const rows = await page.getByTestId('data-row').allInnerTexts();

  const shown = await page.evaluate(async wanted => {
    const viewport = window.cornerstone.getRenderingEngines()[0].getViewports()[0];
    const index = viewport.getImageIds().findIndex(id => id.includes('/' + wanted + '/'));
    if (index < 0) throw new Error('the viewport does not have the image ' + wanted);
    await viewport.setImageIdIndex(index);
    viewport.render();
    return index;
  }, instance);
  // Shown: the viewport says so, and the picture no longer changes.
  await page.waitForFunction(index => window.cornerstone.getRenderingEngines()[0].getViewports()[0]
    .getCurrentImageIdIndex() === index, shown, patience);
  let last = null;
  for (const until = Date.now() + patience.timeout; Date.now() < until;) {
    const now = (await page.screenshot()).toString('base64');
    if (now === last) break;
    last = now;
    await page.waitForTimeout(500);
  }
  await page.screenshot({ path: picture });

  const answer = await page.evaluate(() => {
    const tools = window.cornerstoneTools, viewport = window.cornerstone.getRenderingEngines()[0].getViewports()[0];
    const plane = window.cornerstone.metaData.get('imagePlaneModule', viewport.getCurrentImageId());
    const box = viewport.canvas.getBoundingClientRect();
    const at = (column, row) => {
      const world = [0, 1, 2].map(i => plane.imagePositionPatient[i] +
        plane.rowCosines[i] * column * plane.columnPixelSpacing + plane.columnCosines[i] * row * plane.rowPixelSpacing);
      const [x, y] = viewport.worldToCanvas(world);
      return [x + box.left, y + box.top];
    };
    const origin = at(0, 0), minus = (a, b) => [a[0] - b[0], a[1] - b[1]];
    const segments = tools.segmentation.state.getSegmentations().flatMap(one =>
      Object.values(one.segments).filter(segment => segment.label).map(segment => ({ name: segment.label,
        colour: tools.segmentation.config.color.getSegmentIndexColor(
          viewport.id, one.segmentationId, segment.segmentIndex) })));
    return { segments, origin, viewport: [box.left, box.top, box.right, box.bottom],
      column_step: minus(at(1, 0), origin), row_step: minus(at(0, 1), origin) };
  });
  console.log(JSON.stringify({ thumbnails, rows, ...answer }));
} catch (error) {
  await page.screenshot({ path: picture }).catch(() => {});
  console.error(String(error));
  process.exitCode = 1;
} finally {
  await browser.close();
}
