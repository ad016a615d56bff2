"""Compares a presentation state with what it was made from: outlines with the label maps, and what
DCMTK (dcmp2pgm) renders of each image under the state with the greys that the image itself asks for.

Usage: check_presentation.py STATE TRUTH WORK IMAGE..., where TRUTH is what check_seg.py reads and
WORK a folder for pictures: WORK/slice-N.ppm is frame N as DCMTK rendered it, with the outlines.
Exit status 1 and a line per fault.
"""
import os
import re
import subprocess
import sys

import numpy
import pydicom

from check_seg import Truth


def numbers_of(image, known):
    """Frames of a reference: those it names, or all that there are."""
    frames = image.get("ReferencedFrameNumber")
    if frames is None:
        return [number for uid, number in known if uid == image.ReferencedSOPInstanceUID]
    return [int(frames)] if isinstance(frames, (int, str)) else [int(frame) for frame in frames]


def filled(points, shape):
    """Pixels whose centre is inside; (0, 0) is the outer corner of the first pixel (PS3.3 C.10.5)."""
    rows, columns = numpy.mgrid[:shape[0], :shape[1]] + 0.5
    inside = numpy.zeros(shape, bool)
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if y0 != y1:
            inside ^= ((y0 > rows) != (y1 > rows)) & (columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
    return inside


def asked_for(dataset, frame):
    """The image's own greys: first window (LINEAR), MONOCHROME1 from white to black. None where it has no window."""
    if "WindowCenter" not in dataset:
        return None
    stored = dataset.pixel_array if int(dataset.get("NumberOfFrames", 1)) == 1 else dataset.pixel_array[frame - 1]
    value = stored * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    centre, width = (float(numpy.ravel(dataset[key].value)[0]) for key in ("WindowCenter", "WindowWidth"))
    grey = 255 * numpy.clip((value - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)
    return 255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey


def rendered(state, image, frame, pgm):
    run = subprocess.run(["dcmp2pgm", "-p", state, "-f", str(frame), image, pgm], capture_output=True, text=True)
    if run.returncode or not os.path.exists(pgm):
        return None, run.stderr
    with open(pgm, "rb") as file:
        data = file.read()
    header = re.match(rb"P5\s+(?:#.*\s+)?(\d+)\s+(\d+)\s+255\s", data)
    columns, rows = int(header[1]), int(header[2])
    return numpy.frombuffer(data[header.end():], numpy.uint8)[: rows * columns].reshape(rows, columns), ""


def draw(grey, outlines, colour, path):
    scale = 4 if len(grey) < 1000 else 1
    picture = numpy.repeat(numpy.repeat(grey, scale, 0), scale, 1)[..., None].repeat(3, 2).copy()
    for number, points in outlines:
        for start, end in zip(points, points[1:]):
            for t in numpy.linspace(0, 1, 2 * scale * (1 + int(numpy.abs(end - start).max()))):
                x, y = ((start + t * (end - start)) * scale).astype(int)
                picture[min(y, len(picture) - 1), min(x, picture.shape[1] - 1)] = colour[number]
    with open(path, "wb") as file:
        file.write(b"P6 %d %d 255\n" % (picture.shape[1], picture.shape[0]) + picture.tobytes())


def main():
    state, truth, work = pydicom.dcmread(sys.argv[1]), Truth(sys.argv[2]), sys.argv[3]
    faults = []
    slices = {(uid, number): i for i, (uid, number, _) in enumerate(truth.frames)}
    drawn = {number: numpy.zeros_like(truth.mask(number)) for number in truth.places}
    outlines = {i: [] for i in slices.values()}
    layers = {layer.GraphicLayer for layer in state.GraphicLayerSequence}
    for annotation in state.GraphicAnnotationSequence:
        if annotation.GraphicLayer not in layers:
            faults.append(f"no layer {annotation.GraphicLayer}")
        if "GraphicObjectSequence" not in annotation:
            continue
        number = int(annotation.GraphicLayer.split("_")[1])
        image = annotation.ReferencedImageSequence[0]
        frame, = numbers_of(image, slices)
        at = slices[image.ReferencedSOPInstanceUID, frame]
        for graphic in annotation.GraphicObjectSequence:
            points = numpy.array(graphic.GraphicData).reshape(-1, 2)
            if (points[0] != points[-1]).any() or graphic.NumberOfGraphicPoints != len(points):
                faults.append("an outline that is not closed, or miscounted")
            drawn[number][at] ^= filled(points, drawn[number].shape[1:])
            outlines[at].append((number, points))
    for number in truth.places:
        wrong = int((drawn[number] != truth.mask(number)).sum())
        if wrong:
            faults.append(f"segment {number}: {wrong} of {truth.mask(number).sum()} pixels wrong")
    images = {}
    for path in sys.argv[4:]:
        dataset = pydicom.dcmread(path)
        images[dataset.SOPInstanceUID] = (path, dataset)
    for (uid, frame), at in slices.items():
        path, dataset = images[uid]
        grey, complaint = rendered(sys.argv[1], path, frame, f"{work}/slice-{at}.pgm")
        expected = asked_for(dataset, frame)
        if grey is None or grey.shape != (dataset.Rows, dataset.Columns):
            faults.append(f"slice {at}: {complaint or grey.shape}")
            continue
        worst = 0 if expected is None else numpy.abs(grey - expected).max()
        if worst > 1.5 or grey.max() - grey.min() < 100:
            faults.append(f"slice {at}: greys up to {worst} apart, {grey.min()} to {grey.max()}")
        draw(grey, outlines[at], [(255, 0, 0), (255, 90, 60), (60, 140, 255)], f"{work}/slice-{at}.ppm")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
