// Has the logic of the OHIF viewer, without its screen, read results, and compares what it finds with what they were
// made from.
//
// Usage: check_cornerstone.mjs NODE FOLDER, where NODE holds what scripts/peers installed, and each folder in FOLDER
// what check_highdicom.py says. Of a Segmentation: every voxel of every segment on its image. Of a report: which groups
// become measurements of the viewer's own, and that every region can be drawn, on its image, around the segment. What the adapters
// cannot read is said in a line "limit: ...", and must still fail: a limit that is gone is a fault, too. Exit status 1
// and a line per fault when they differ.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';

const [node, folder] = process.argv.slice(2);
console.warn = () => {};  // the adapters print each group that has no outline, and go on
globalThis.window ??= globalThis;
globalThis.document ??= {};
// What Debian 12's Node 18 lacks.
globalThis.crypto ??= webcrypto;
globalThis.CustomEvent ??= class extends Event {
  constructor(type, options) {
    super(type, options);
    this.detail = options?.detail;
  }
};
// Node 18 tells ES modules from others by their package alone, and these packages are made for bundlers.
const hooks = `export async function resolve(name, context, next) {
  const found = await next(name, context);
  const url = name === 'dcmjs' ? found.url.replace(/dcmjs[.]js$/, 'dcmjs.es.js') : found.url;
  return /[/]esm[/]|[.]es[.]js$|vtk/.test(url) ? { ...found, url, format: 'module' } : found;
}`;
register('data:text/javascript,' + encodeURIComponent(hooks));
const require = createRequire(node + '/');
const load = name => import(pathToFileURL(require.resolve(name)).href);
const { adaptersSEG, adaptersSR } = await load('@cornerstonejs/adapters');
const core = await load('@cornerstonejs/core');
const dcmjs = (await load('dcmjs')).default;
dcmjs.log.setLevel('error');

const numbers = values => (values === undefined ? undefined : [values].flat().map(Number));

function readFile(path, options = {}) {
  const bytes = readFileSync(path);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const file = dcmjs.data.DicomMessage.readFile(buffer, options);
  const dataset = dcmjs.data.DicomMetaDictionary.naturalizeDataset(file.dict);
  return { buffer, dataset };
}

// What check_seg.py's Truth reads.
function readTruth(path) {
  const [head, ...lines] = readFileSync(path + '/frames.txt', 'latin1').trim().split('\n').map(line => line.split(' '));
  const [rows, columns, layers] = head.map(Number);
  const frames = lines.filter(line => line[0] === 'frame').map(([, uid, number]) => ({ uid, number: Number(number) }));
  const segments = lines.filter(line => line[0] === 'segment').map(line => line.slice(1).map(Number));
  const labels = readFileSync(path + '/labels.raw');
  const size = rows * columns;
  const layer = labels.length / layers;
  const at = (segment, slice, pixel) => labels[segment[1] * layer + slice * size + pixel] === segment[2];
  const probabilities = existsSync(path + '/probability-1.raw');
  return { size, frames, segments, at, probabilities, told: JSON.parse(readFileSync(path + '/report.json', 'utf8')) };
}

// What OHIF's metadata provider tells of an image; as there, images without a place get a made-up one.
function plane(instance, frame) {
  const groups = instance.PerFrameFunctionalGroupsSequence?.[frame - 1];
  const shared = instance.SharedFunctionalGroupsSequence?.[0];
  const from = (sequence, name) =>
    numbers(groups?.[sequence]?.[0]?.[name] ?? shared?.[sequence]?.[0]?.[name] ?? instance[name]);
  const orientation = from('PlaneOrientationSequence', 'ImageOrientationPatient') ?? [1, 0, 0, 0, 1, 0];
  const position = from('PlanePositionSequence', 'ImagePositionPatient') ?? [0, 0, 0];
  const spacing = from('PixelMeasuresSequence', 'PixelSpacing') ?? [1, 1];
  return {
    frameOfReferenceUID: instance.FrameOfReferenceUID,
    rows: instance.Rows,
    columns: instance.Columns,
    imageOrientationPatient: orientation,
    rowCosines: orientation.slice(0, 3),
    columnCosines: orientation.slice(3),
    imagePositionPatient: position,
    pixelSpacing: spacing,
    rowPixelSpacing: spacing[0],
    columnPixelSpacing: spacing[1],
  };
}

const known = new Map();  // image id -> module -> value
core.metaData.addProvider((module, imageId) => known.get(imageId)?.[module], 100);
const provider = {
  get: (module, imageId) => known.get(imageId)?.[module],
  add: (imageId, module, value) => known.set(imageId, { ...known.get(imageId), [module]: value }),
};

function addSources(truth) {
  core.cache.purgeCache();
  known.clear();
  const instances = new Map();
  return truth.frames.map(({ uid, number }, i) => {
    const file = truth.told.files[i];
    if (!instances.has(file)) instances.set(file, readFile(file, { untilTag: '7FE00010' }).dataset);
    const instance = instances.get(file);
    const imageId = `wadors:/instances/${uid}/frames/${number}`;
    known.set(imageId, {
      instance,
      generalImageModule: { sopInstanceUID: instance.SOPInstanceUID },
      sopCommonModule: { sopInstanceUID: instance.SOPInstanceUID, sopClassUID: instance.SOPClassUID },
      generalSeriesModule: { seriesInstanceUID: instance.SeriesInstanceUID, modality: instance.Modality },
      imagePlaneModule: plane(instance, number),
      imagePixelModule: {
        bitsAllocated: 16, bitsStored: 16, highBit: 15, samplesPerPixel: 1, pixelRepresentation: 0,
        photometricInterpretation: 'MONOCHROME2', rows: instance.Rows, columns: instance.Columns,
      },
    });
    return imageId;
  });
}

// Why adapters 5.14 cannot read a Segmentation; '' when they can.
function limitOf(seg, truth) {
  const size = truth.size, frames = Number(seg.NumberOfFrames);
  if (seg.SegmentationType === 'FRACTIONAL' && truth.probabilities) return 'they know no probabilities';
  if (!seg.FrameOfReferenceUID) return 'they need a Frame of Reference and an orientation';
  if (truth.segments.length > 255) return 'they hold segments in one byte';
  const packed = Math.ceil((size * frames) / 8);
  if (seg.SegmentationType === 'BINARY' && packed % 2) return 'they do not expect the byte that pads Pixel Data';
  if (seg.SegmentationType === 'BINARY' && size % 8 && packed === Math.ceil(size / 8) * frames)
    return 'they take each frame to begin with a byte';
  return '';
}

async function segmentationFaults(path, truth, imageIds, buffer) {
  const read = await adaptersSEG.Cornerstone3D.Segmentation.createFromDICOMSegBuffer(imageIds, buffer, {
    metadataProvider: provider, tolerance: 0.001,
  });
  const faults = [];
  const names = read.segMetadata.data.filter(Boolean).map(segment => `${segment.SegmentNumber} ${segment.SegmentLabel}`);
  const wanted = truth.told.segments.map(segment => `${segment.number} ${segment.label}`);
  if (names.join() !== wanted.join()) faults.push(`segments are ${names}, not ${wanted}`);
  const layers = read.labelMapImages.map(images => images.map(image => image.voxelManager.getScalarData()));
  for (const segment of truth.segments) {
    let wrong = 0;
    for (let slice = 0; slice < truth.frames.length; ++slice)
      for (let pixel = 0; pixel < truth.size; ++pixel)
        if (layers.some(layer => layer[slice][pixel] === segment[0]) !== truth.at(segment, slice, pixel)) ++wrong;
    if (wrong) faults.push(`segment ${segment[0]}: ${wrong} voxels are wrong`);
  }
  return faults;
}

async function checkSegmentation(path, truth, imageIds) {
  const { buffer, dataset } = readFile(path + '/seg.dcm');
  const limit = limitOf(dataset, truth);
  let faults;
  try {
    faults = await segmentationFaults(path, truth, imageIds, buffer);
  } catch (error) {
    faults = [error.message];
  }
  if (!limit) return faults;
  if (!faults.length) return ['is read, so that a limit of the adapters is gone: ' + limit];
  console.log(`limit: ${path.split('/').pop()}: the adapters cannot read it: ${limit} (${faults[0]})`);
  return [];
}

const items = content => [content.ContentSequence ?? []].flat();
const named = (content, value) => items(content).filter(item => item.ConceptNameCodeSequence[0].CodeValue === value);

// The tool that a group becomes in the viewer by itself: the one that its tracking identifier names, or a rectangle when
// its outline has as many points as one; '' for none.
function toolFor(group) {
  const identifier = named(group, '112039')[0].TextValue;
  if (identifier.startsWith('Cornerstone3DTools@')) return identifier.split(':')[1];
  const outline = items(group).find(item => item.ValueType === 'SCOORD');
  return outline && [4, 5].includes(outline.GraphicData.length / 2) ? 'RectangleROI' : '';
}

const uidOf = group => named(group, '112040')[0].UID;
const templateOf = group => group.ContentTemplateSequence[0].TemplateIdentifier;

// "TOOL UID" of each measurement in a tool state.
const listed = state =>
  Object.entries(state).flatMap(([tool, list]) => list.map(one => `${tool} ${one.TrackingUniqueIdentifier}`)).sort();

// Faults of one drawn region: every point of it touches a pixel of a segment on its image.
function drawnFaults({ annotation: { data, metadata } }, truth, imageIds) {
  const slice = imageIds.indexOf(metadata.referencedImageId);
  if (slice < 0) return ['is on no image of the source'];
  if (truth.told.answers.length) {
    const about = truth.told.answers[0].frame;
    return about < 0 || about === slice ? [] : [`is on image ${slice}, not ${about}`];
  }
  if (!data.contour.closed) return ['is open'];
  const { rows, columns } = core.metaData.get('imagePlaneModule', imageIds[slice]);
  const corners = [[-1, -1], [-1, 0], [0, -1], [0, 0]];
  const touches = point => {
    const [x, y] = core.utilities.worldToImageCoords(imageIds[slice], point).map(Math.round);
    return corners.some(([dy, dx]) => {
      const [r, c] = [y + dy, x + dx];
      const inside = r >= 0 && r < rows && c >= 0 && c < columns;
      return inside && truth.segments.some(segment => truth.at(segment, slice, r * columns + c));
    });
  };
  const away = data.contour.polyline.filter(point => !touches(point));
  return away.length ? [`${away.length} of ${data.contour.polyline.length} points are away from every segment`] : [];
}

function reportFaults(path, truth, imageIds) {
  const { dataset } = readFile(path + '/sr.dcm');
  const byUid = Object.fromEntries(truth.frames.map(({ uid, number }, i) => [`${uid}:${number}`, imageIds[i]]));
  const toolState = hooks =>
    adaptersSR.Cornerstone3D.MeasurementReport.generateToolState(dataset, byUid, core.metaData, hooks);
  const faults = [];
  const expect = (what, found, wanted) => {
    if (found.join() !== wanted.join()) faults.push(`${what}: [${found}] instead of [${wanted}]`);
  };
  const groups = named(named(dataset, '126010')[0], '125007');
  expect('drawn by itself', listed(toolState({})), groups.filter(toolFor).map(one => `${toolFor(one)} ${uidOf(one)}`).sort());

  // Asked for, the adapters make a freehand region of every planar region and every answer.
  const regions = groups.filter(group => templateOf(group) !== '1411');
  const freehand = toolState({
    getToolClass: (group, _, tools) => regions.includes(group) && tools.get('PlanarFreehandROI'),
  });
  const measured = regions.filter(group => items(group).some(item => item.ValueType === 'NUM'));
  if (measured.length < regions.length)
    console.log(`limit: ${path.split('/').pop()}: the adapters draw no region freehand that has no measurement`);
  expect('drawn freehand', listed(freehand), measured.map(group => `PlanarFreehandROI ${uidOf(group)}`).sort());
  for (const measurement of freehand.PlanarFreehandROI ?? [])
    for (const fault of drawnFaults(measurement, truth, imageIds))
      faults.push(`${measurement.TrackingUniqueIdentifier} ${fault}`);

  const images = named(dataset, '111028').flatMap(library => named(library, '126200')).flatMap(items)
    .filter(item => item.ValueType === 'IMAGE').map(item => item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID);
  expect('image library', images.sort(), [...new Set(truth.frames.map(frame => frame.uid))].sort());
  return faults;
}

let faulty = false;
const names = readdirSync(folder).sort();
for (const name of names) {
  const path = `${folder}/${name}`;
  let faults = [];
  try {
    const truth = readTruth(path);
    const imageIds = addSources(truth);
    if (existsSync(path + '/seg.dcm')) faults = await checkSegmentation(path, truth, imageIds);
    if (existsSync(path + '/sr.dcm')) faults.push(...reportFaults(path, truth, imageIds));
  } catch (error) {
    faults.push(error.stack.split('\n').slice(0, 2).join(' '));
  }
  for (const fault of faults) console.log(`${name}: ${fault}`);
  faulty ||= faults.length > 0;
}
console.log(`read: ${names.length}`);
process.exit(faulty ? 1 : 0);
