"""A real chest CT (JPEG Lossless) goes through, and the outlines are where the lungs are.

The shared copy lost its SOP Instance and Frame of Reference UIDs to anonymisation; they are made anew here, as no
modality would send it without. Writes an overlay picture beside the test's other outputs, for people.
"""

import io
import pathlib
import sys
import uuid

import numpy
import pydicom
from PIL import Image

import harness
import nodes
import results
from harness import Check, WaitFor

SOURCE = harness.SHARED_DATA / "ct-chest-siemens-jpegll"
LUNG_ML = (300, 4500)  # of one lung of an adult, ill or well


def NewUid(text):
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, text).int}"


def Complete(folder):
    """Writes the series with valid UIDs, pixels untouched. Returns the datasets, sorted by position."""
    folder.mkdir()
    datasets = []
    for path in sorted(SOURCE.glob("*.dcm")):
        dataset = pydicom.dcmread(path)
        dataset.SOPInstanceUID = NewUid(f"axial test {path.name}")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.StudyInstanceUID = NewUid(f"axial test {dataset.StudyInstanceUID}")
        dataset.SeriesInstanceUID = NewUid(f"axial test {dataset.SeriesInstanceUID}")
        dataset.FrameOfReferenceUID = NewUid(f"axial test frame {dataset.SeriesInstanceUID}")
        dataset.save_as(folder / path.name)
        datasets.append(dataset)
    return sorted(datasets, key=lambda dataset: float(dataset.ImagePositionPatient[2]))


def Window(hounsfield):
    return numpy.clip((hounsfield + 1000) / 1400 * 255, 0, 255).astype(numpy.uint8)


def Outline(mask):
    inner = mask.copy()
    for axis in (0, 1):
        for step in (1, -1):
            inner &= numpy.roll(mask, step, axis)
    return mask & ~inner


def DrawOverlay(pixels, masks, path):
    """Four slices side by side with the outlines: right lung red, left lung green."""
    tiles = []
    for index in numpy.linspace(len(pixels) * 0.2, len(pixels) * 0.8, 4).astype(int):
        rgb = numpy.repeat(Window(pixels[index])[:, :, numpy.newaxis], 3, axis=2)
        for side, colour in (("right", (255, 60, 60)), ("left", (60, 255, 60))):
            rgb[Outline(masks[side][index])] = colour
        tiles.append(rgb)
    Image.fromarray(numpy.concatenate(tiles, axis=1)).save(path)


def ReadPixels(datasets, orthanc, study_uid):
    """Hounsfield units [slice][row][column]; Orthanc decodes the JPEG, so that this reader shares no code with Axial."""
    position = {dataset.SOPInstanceUID: index for index, dataset in enumerate(datasets)}
    pixels = numpy.zeros((len(datasets), datasets[0].Rows, datasets[0].Columns), numpy.float32)
    for instance, _ in orthanc.InstancesOf(study_uid, "CT"):
        tags = orthanc.Get(f"/instances/{instance}/simplified-tags")
        raw = harness.HttpGet(f"{orthanc.url}/instances/{instance}/image-int16", 30)
        Check(raw is not None, "Orthanc could not decode an image")
        # Orthanc answers with a PNG of 16 bits; PIL reads signed values as unsigned ones.
        pixels[position[tags["SOPInstanceUID"]]] = DecodePng(raw) * float(tags["RescaleSlope"]) + float(
            tags["RescaleIntercept"])
    return pixels


def DecodePng(raw):
    return numpy.asarray(Image.open(io.BytesIO(raw))).astype(numpy.uint16).view(numpy.int16).astype(numpy.float32)


def Body(workspace, binaries):
    if not SOURCE.is_dir():
        print(f"!! SKIPPED: the optional shared test data is not there: {SOURCE}")
        sys.exit(77)
    folder = workspace.folder
    datasets = Complete(folder / "ct")
    study_uid = datasets[0].StudyInstanceUID
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, orthanc))
    gateway.Start()
    nodes.SendAll(folder / "ct", orthanc, folder / "send-to-pacs.log", len(datasets))
    nodes.SendAll(folder / "ct", gateway, folder / "send.log", len(datasets))
    WaitFor("SEG and SR in the PACS",
            lambda: orthanc.InstancesOf(study_uid, "SEG") and orthanc.InstancesOf(study_uid, "SR"), 500,
            [gateway.process, orthanc.process], describe=lambda: f"axial says: {gateway.Study(study_uid)}")

    (seg_path, seg), = results.Fetch(orthanc, study_uid, "SEG", folder)
    (sr_path, sr), = results.Fetch(orthanc, study_uid, "SR", folder)
    masks = results.MasksBySide(seg, [dataset.SOPInstanceUID for dataset in datasets])
    Check({"left", "right"} <= set(masks), f"the SEG has {sorted(masks)} instead of two lungs")
    pixels = ReadPixels(datasets, orthanc, study_uid)
    picture = pathlib.Path(sys.argv[2])
    picture.parent.mkdir(parents=True, exist_ok=True)
    DrawOverlay(pixels, masks, picture)
    print(f"overlay: {picture}")

    voxel_ml = results.VoxelVolumeMm3(seg) / 1000
    for side in ("right", "left"):
        volume, mean = masks[side].sum() * voxel_ml, pixels[masks[side]].mean()
        column = masks[side].nonzero()[2].mean()
        print(f"{side} lung: {volume:.0f} ml, mean {mean:.0f} HU, mean column {column:.0f}")
        Check(LUNG_ML[0] < volume < LUNG_ML[1], f"{side} lung: {volume:.0f} ml is no lung")
        Check(-950 < mean < -450, f"{side} lung: a mean of {mean:.0f} HU is not lung tissue")
        # Head first supine, rows to the patient's left: the right lung lies in the smaller columns.
        half = datasets[0].Columns / 2
        Check((column < half) == (side == "right"), f"the {side} lung lies on the wrong side (column {column:.0f})")
    errors = results.ValidatorErrors([seg_path, sr_path])
    errors += results.ContextErrors(sorted((folder / "ct").iterdir()), [seg_path, sr_path])
    Check(not errors, "the validators complain:\n" + "\n".join(errors))


harness.RunTest(Body)
