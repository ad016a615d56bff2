"""Compares a Segmentation of any form with the findings it was made from, read by pydicom and numpy.

Usage: check_seg.py SEG TRUTH, where TRUTH holds
  labels.raw         one byte per voxel, layer after layer
  probability-N.raw  of segment N, one byte per voxel, where the model gave probabilities
  frames.txt         size, layers, whether empty frames are kept; per segment: number, layer, value;
                     per slice: SOP Instance UID, frame number, Image Position (Patient) or -,
                     orientation and spacing (for check_rtstruct.py)
Exit status 1 and a line per fault when they differ.
"""
import os
import sys

import numpy
import pydicom

CLASSES = {"BINARY": "1.2.840.10008.5.1.4.1.1.66.4", "FRACTIONAL": "1.2.840.10008.5.1.4.1.1.66.4",
           "LABELMAP": "1.2.840.10008.5.1.4.1.1.66.7"}


class Truth:
    def __init__(self, folder):
        self.places, self.frames = {}, []
        with open(folder + "/frames.txt", encoding="ascii") as lines:
            rows, columns, layers, keep = map(int, next(lines).split())
            for line in lines:
                kind, *values = line.split()
                if kind == "segment":
                    self.places[int(values[0])] = (int(values[1]), int(values[2]))
                else:
                    self.frames.append((values[0], int(values[1]), values[2]))
        shape = (len(self.frames), rows, columns)
        self.keep_empty = keep == 1
        self.layers = numpy.fromfile(folder + "/labels.raw", dtype=numpy.uint8).reshape(layers, *shape)
        self.probability = {}
        for number in self.places:
            name = f"{folder}/probability-{number}.raw"
            if os.path.exists(name):
                self.probability[number] = numpy.fromfile(name, dtype=numpy.uint8).reshape(shape)

    def mask(self, number):
        layer, value = self.places[number]
        return self.layers[layer] == value

    def overlap(self):
        return "YES" if ((self.layers != 0).sum(axis=0) > 1).any() else "NO"

    def values(self, kind):
        """What frames must hold, by segment number; a label map is one under the number 0."""
        if kind == "LABELMAP":
            merged = numpy.zeros(self.layers.shape[1:], numpy.uint16)
            for number in self.places:
                merged[self.mask(number)] = number
            return {0: merged}
        if kind == "BINARY":
            return {number: self.mask(number).astype(numpy.uint16) for number in self.places}
        return {number: self.probability.get(number, self.mask(number) * numpy.uint16(255))
                for number in self.places}


def position_text(group):
    # original_string: as it stands in the file, not as a number printed again.
    values = group.PlanePositionSequence[0].ImagePositionPatient
    return "\\".join(getattr(value, "original_string", str(value)) for value in values)


def check_header(seg, truth):
    kind = seg.SegmentationType
    numbers = [segment.SegmentNumber for segment in seg.SegmentSequence]
    bits = {"BINARY": 1, "FRACTIONAL": 8}.get(kind, 8 if len(numbers) <= 255 else 16)
    undefined = kind == "FRACTIONAL" and truth.probability and len(numbers) > 1
    padding = 0 if kind == "LABELMAP" else None
    maximum = 255 if kind == "FRACTIONAL" else None
    expected = [
        ("SOP class", seg.SOPClassUID, CLASSES[kind]),
        ("File Meta class", seg.file_meta.MediaStorageSOPClassUID, CLASSES[kind]),
        ("segment numbers", numbers, list(range(1, len(truth.places) + 1))),
        ("bits", (seg.BitsAllocated, seg.BitsStored, seg.HighBit), (bits, bits, bits - 1)),
        ("Segments Overlap", seg.SegmentsOverlap, "UNDEFINED" if undefined else truth.overlap()),
        ("Pixel Padding Value", seg.get("PixelPaddingValue"), padding),
        ("Maximum Fractional Value", seg.get("MaximumFractionalValue"), maximum),
        ("Number of Frames", seg.NumberOfFrames, len(seg.PerFrameFunctionalGroupsSequence)),
    ]
    return [f"{what} is {found}, not {wanted}" for what, found, wanted in expected if found != wanted]


def check(seg, truth):
    faults = check_header(seg, truth)
    slice_of = {(uid, number): i for i, (uid, number, _) in enumerate(truth.frames)}
    pixels = seg.pixel_array
    if pixels.ndim == 2:
        pixels = pixels[numpy.newaxis]
    left = truth.values(seg.SegmentationType)
    expected = {number: values.copy() for number, values in left.items()}
    for i, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        where = slice_of[(source.ReferencedSOPInstanceUID, int(source.get("ReferencedFrameNumber", 1)))]
        segment = 0
        if "SegmentIdentificationSequence" in group:
            segment = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        if truth.frames[where][2] != "-" and position_text(group) != truth.frames[where][2]:
            faults.append(f"frame {i + 1}: position {position_text(group)}")
        if not numpy.array_equal(pixels[i], expected[segment][where]):
            faults.append(f"frame {i + 1}: pixels of segment {segment} differ")
        if not truth.keep_empty and not pixels[i].any():
            faults.append(f"frame {i + 1} is empty")
        left[segment][where] = 0
    faults += [f"segment {number}: frames are missing" for number, values in left.items() if values.any()]
    if truth.keep_empty and len(pixels) != len(left) * len(truth.frames):
        faults.append(f"{len(pixels)} frames, not all of them")
    return faults


if __name__ == "__main__":
    found = check(pydicom.dcmread(sys.argv[1]), Truth(sys.argv[2]))
    print("\n".join(found))
    sys.exit(1 if found else 0)
