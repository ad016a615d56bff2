"""Fills the contours of an RT Structure Set and compares with the label maps they were traced from.

Usage: check_rtstruct.py RTSTRUCT TRUTH [VOLUMES], where TRUTH is what check_seg.py reads. A pixel is inside a contour when
its centre is; contours are united (PS3.3 C.8.8.6) and, as other readers do, XORed: both must give the mask back.
VOLUMES is a folder of what plastimatch made of the same file, one NAME.raw of unsigned bytes per region, slices as in
TRUTH: then those are compared instead. Exit status 1 and a line per fault when they differ.
"""
import glob
import os
import sys

import numpy
import pydicom

from check_seg import Truth


def planes(folder):
    """(SOP Instance UID, frame number) to position, orientation and spacing."""
    found = {}
    with open(folder + "/frames.txt", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("frame "):
                _, uid, number, *plane = line.split()
                found[uid, int(number)] = [numpy.array(list(map(float, part.split("\\")))) for part in plane]
    return found


def filled(points, plane, shape):
    position, orientation, spacing = plane
    offset = points - position
    columns, rows = offset @ orientation[:3] / spacing[1], offset @ orientation[3:] / spacing[0]
    crossings = {}
    for x0, y0, x1, y1 in zip(columns, rows, numpy.roll(columns, -1), numpy.roll(rows, -1)):
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        for row in range(int(numpy.ceil(y0)), int(numpy.ceil(y1))):
            crossings.setdefault(row, []).append(x0 + (row - y0) * (x1 - x0) / (y1 - y0))
    inside = numpy.zeros(shape, bool)
    for row, places in crossings.items():
        places.sort()
        for begin, end in zip(places[::2], places[1::2]):
            inside[row, int(numpy.ceil(begin)):int(numpy.ceil(end))] = True
    return inside


def check_contours(structures, truth, where):
    faults = []
    slices = {(uid, number): i for i, (uid, number, _) in enumerate(truth.frames)}
    for roi in structures.ROIContourSequence:
        expected = truth.mask(roi.ReferencedROINumber)
        united, exclusive = numpy.zeros_like(expected), numpy.zeros_like(expected)
        for contour in roi.ContourSequence:
            image = contour.ContourImageSequence[0]
            frame = (image.ReferencedSOPInstanceUID, int(image.get("ReferencedFrameNumber", 1)))
            values = contour.ContourData
            if max(len(getattr(value, "original_string", str(value))) for value in values) > 16:
                faults.append("a coordinate has more than 16 characters")
            if len("\\".join(getattr(value, "original_string", str(value)) for value in values)) > 65534:
                faults.append("Contour Data are too long for Explicit VR")
            if contour.ContourGeometricType != "CLOSED_PLANAR":
                faults.append(f"a contour is {contour.ContourGeometricType}")
            points = numpy.array(list(map(float, values))).reshape(-1, 3)
            if len(points) != contour.NumberOfContourPoints:
                faults.append("Number of Contour Points is wrong")
            inside = filled(points, where[frame], expected.shape[1:])
            united[slices[frame]] |= inside
            exclusive[slices[frame]] ^= inside
        for how, drawn in (("united", united), ("XORed", exclusive)):
            wrong = int((drawn != expected).sum())
            if wrong or not expected.any():
                faults.append(f"region {roi.ReferencedROINumber}, {how}: {wrong} of {expected.sum()} wrong")
    return faults


def check_volumes(structures, truth, folder):
    faults = []
    for roi in structures.StructureSetROISequence:
        expected = truth.mask(roi.ROINumber)
        volume = os.path.join(folder, roi.ROIName + ".raw")  # beside a header, MetaImage
        if not os.path.exists(volume):
            faults.append(f"no volume of {roi.ROIName}: {sorted(glob.glob(folder + '/*'))}")
            continue
        drawn = numpy.fromfile(volume, dtype=numpy.uint8).reshape(expected.shape) != 0
        wrong = int((drawn != expected).sum())
        if wrong or not expected.any():
            faults.append(f"region {roi.ROIName}: {wrong} of {expected.sum()} wrong")
    return faults


def main():
    structures, truth = pydicom.dcmread(sys.argv[1]), Truth(sys.argv[2])
    faults = []
    names = {roi.ROINumber for roi in structures.StructureSetROISequence}
    if names != set(truth.places):
        faults.append(f"regions {sorted(names)} instead of {sorted(truth.places)}")
    if len(sys.argv) > 3:
        faults += check_volumes(structures, truth, sys.argv[3])
    else:
        faults += check_contours(structures, truth, planes(sys.argv[2]))
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
