"""Compares a Segmentation of a model whose labels are the values of its images with these images, read by pydicom.

Usage: check_labels.py SEG FOLDER, where FOLDER holds the images, one slice each, and a segment's label is
"Value N" for the voxels of the value N.
Exit status 1 and a line per fault when they differ.
"""
import os
import sys

import numpy
import pydicom

from check_seg import Truth, check, position_text


class ImageTruth(Truth):
    """What check_seg.py takes from files that Axial wrote, from the images themselves."""

    keep_empty = False
    probability = {}

    def __init__(self, folder, seg):
        images = [pydicom.dcmread(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
        self.frames = [(str(image.SOPInstanceUID), 1, position_of(image)) for image in images]
        values = [image.pixel_array * int(image.RescaleSlope) + int(image.RescaleIntercept) for image in images]
        self.layers = numpy.array([values])
        self.places = {segment.SegmentNumber: (0, int(segment.SegmentLabel.removeprefix("Value ")))
                       for segment in seg.SegmentSequence}


def position_of(image):
    group = pydicom.Dataset()
    group.PlanePositionSequence = [image]
    return position_text(group)


def main(seg, folder):
    seg = pydicom.dcmread(seg)
    truth = ImageTruth(folder, seg)
    found = check(seg, truth)
    unnamed = set(truth.layers[truth.layers > 0].flat) - {value for _, value in truth.places.values()}
    found += [f"no segment has the voxels of the value {value}" for value in sorted(unnamed)]
    print("\n".join(found) if found else f"{len(truth.places)} segments, {seg.SegmentationType}, {seg.BitsAllocated} bits")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
