"""Fills the contours of an RT Structure Set and compares with the label maps they were traced from.

Usage: check_rtstruct.py RTSTRUCT TRUTH, where TRUTH is what check_seg.py reads. A pixel is inside when its centre is within an odd number of the
region's contours on its frame. Exit status 1 and a line per fault when they differ.
"""
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
                found[uid, int(number)] = [part.split("\\") for part in plane]
    return found


def filled(points, plane, shape):
    position, orientation, spacing = (numpy.array(list(map(float, part))) for part in plane)
    offset = points - position
    column = offset @ orientation[:3] / spacing[1]
    row = (offset @ orientation[3:]) / spacing[0]
    rows, columns = numpy.mgrid[:shape[0], :shape[1]]
    inside = numpy.zeros(shape, bool)
    for x0, y0, x1, y1 in zip(column, row, numpy.roll(column, -1), numpy.roll(row, -1)):
        if y0 == y1:
            continue
        crosses = (y0 > rows) != (y1 > rows)
        inside ^= crosses & (columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
    return inside


def main():
    structures, truth = pydicom.dcmread(sys.argv[1]), Truth(sys.argv[2])
    where, faults = planes(sys.argv[2]), []
    slices = {(uid, number): i for i, (uid, number, _) in enumerate(truth.frames)}
    names = {roi.ROINumber for roi in structures.StructureSetROISequence}
    if names != set(truth.places):
        faults.append(f"regions {sorted(names)} instead of {sorted(truth.places)}")
    for roi in structures.ROIContourSequence:
        expected = truth.mask(roi.ReferencedROINumber)
        drawn = numpy.zeros_like(expected)
        for contour in roi.ContourSequence:
            image = contour.ContourImageSequence[0]
            frame = (image.ReferencedSOPInstanceUID, int(image.get("ReferencedFrameNumber", 1)))
            if max(len(str(value)) for value in contour.ContourData) > 16:
                faults.append("a coordinate has more than 16 characters")
            points = numpy.array(list(map(float, contour.ContourData))).reshape(-1, 3)
            if len(points) != contour.NumberOfContourPoints:
                faults.append("Number of Contour Points is wrong")
            drawn[slices[frame]] ^= filled(points, where[frame], expected.shape[1:])
        wrong = int((drawn != expected).sum())
        if wrong or not expected.any():
            faults.append(f"region {roi.ReferencedROINumber}: {wrong} of {expected.sum()} wrong")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
