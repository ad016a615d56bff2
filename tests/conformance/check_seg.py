"""Compares a BINARY Segmentation with the label map it was made from, read by pydicom and numpy.

Usage: check_seg.py SEG TRUTH, where TRUTH holds labels.raw (one byte per voxel) and frames.txt
(size, segments, and per slice: SOP Instance UID, frame number, Image Position (Patient) or -).
Exit status 1 and a line per fault when they differ.
"""
import sys

import numpy
import pydicom


def read_truth(folder):
    segments, frames = {}, []
    with open(folder + "/frames.txt", encoding="ascii") as lines:
        rows, columns = map(int, next(lines).split())
        for line in lines:
            kind, *values = line.split()
            if kind == "segment":
                segments[int(values[0])] = int(values[1])
            else:
                frames.append((values[0], int(values[1]), values[2]))
    labels = numpy.fromfile(folder + "/labels.raw", dtype=numpy.uint8)
    return segments, frames, labels.reshape(len(frames), rows, columns)


def position_text(group):
    # original_string: as it stands in the file, not as a number printed again.
    values = group.PlanePositionSequence[0].ImagePositionPatient
    return "\\".join(getattr(value, "original_string", str(value)) for value in values)


def check(seg, segments, frames, labels):
    faults = []
    slice_of = {(uid, number): i for i, (uid, number, _) in enumerate(frames)}
    pixels = seg.pixel_array
    if pixels.ndim == 2:
        pixels = pixels[numpy.newaxis]
    left = {number: labels == label for number, label in segments.items()}
    for i, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        number = int(source.get("ReferencedFrameNumber", 1))
        where = slice_of[(source.ReferencedSOPInstanceUID, number)]
        segment = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        if frames[where][2] != "-" and position_text(group) != frames[where][2]:
            faults.append(f"frame {i + 1}: position {position_text(group)}")
        if not numpy.array_equal(pixels[i] != 0, labels[where] == segments[segment]):
            faults.append(f"frame {i + 1}: pixels of segment {segment} differ")
        left[segment][where] = False
    faults += [f"segment {number}: frames are missing" for number, mask in left.items() if mask.any()]
    return faults


if __name__ == "__main__":
    found = check(pydicom.dcmread(sys.argv[1]), *read_truth(sys.argv[2]))
    print("\n".join(found))
    sys.exit(1 if found else 0)
