"""Has highdicom read results and compares what it finds with what they were made from.

Usage: check_highdicom.py FOLDER, run by the Python of build/peers. Each folder in FOLDER holds sr.dcm, seg.dcm where
there is a Segmentation, what check_seg.py reads, and report.json (see result_truth.cc). highdicom finds the masks by
the source image's UID (and frame number) and, where slices have positions, by their place in the patient. What it
cannot read is said in a line "limit: ...", and must still fail: a limit that is gone is a fault, too. Exit status 1 and
a line per fault when they differ.
"""
import os
import sys

import highdicom
import numpy

from check_seg import Truth
from highdicom_report import report_faults


def by_source(seg, truth, **how):
    """[slice][row][column][segment], as highdicom finds it from the UIDs (and frame numbers) of the source."""
    uids = list(dict.fromkeys(uid for uid, _, _ in truth.frames))
    how |= {"assert_missing_frames_are_empty": True, "rescale_fractional": False}
    if len(uids) == 1 and len(truth.frames) > 1:
        return seg.get_pixels_by_source_frame(uids[0], [number for _, number, _ in truth.frames], **how)
    return seg.get_pixels_by_source_instance(uids, **how)


def by_place(seg, truth):
    """The same, from positions in the patient; None where slices are no rectangular volume (a tilted gantry)."""
    if seg.get_volume_geometry() is None:
        return None
    volume = seg.get_volume(rescale_fractional=False)
    positions = numpy.array([list(map(float, position.split("\\"))) for _, _, position in truth.frames])
    found = numpy.zeros((len(truth.frames), *volume.array.shape[1:]), volume.array.dtype)
    for plane, position in zip(volume.array, volume.get_plane_positions()):
        offsets = numpy.abs(positions - position[0].ImagePositionPatient).max(axis=1)
        if offsets.min() > 0.01 and plane.any():
            raise ValueError(f"a frame is at {position[0].ImagePositionPatient}, where no image is")
        found[offsets.argmin()] |= plane
    return found


def expected(seg, truth):
    """What highdicom must give for each segment: masks, or the numbers of a fractional Segmentation."""
    values = truth.values("FRACTIONAL" if seg.SegmentationType == "FRACTIONAL" else "BINARY")
    return numpy.stack([values[number] for number in seg.segment_numbers], axis=-1)


def segmentation_faults(folder, truth):
    seg = highdicom.seg.segread(folder + "/seg.dcm")
    if list(seg.segment_numbers) != sorted(truth.places):
        return [f"segments {list(seg.segment_numbers)}, not {sorted(truth.places)}"]
    if seg.SegmentationType == "LABELMAP" and len(truth.places) > 255:
        return faults_of_many_labels(folder, seg, truth)
    ways = {"source": by_source}
    if truth.frames[0][2] != "-":
        ways["place"] = by_place
    return differences(seg, truth, ways)


def differences(seg, truth, ways):
    wanted, faults = expected(seg, truth), []
    for way, read in ways.items():
        found = read(seg, truth)
        wrong = [] if found is None else [number for i, number in enumerate(seg.segment_numbers)
                                          if not numpy.array_equal(found[..., i], wanted[..., i])]
        if wrong:
            faults.append(f"pixels by {way} of segments {wrong} differ")
    return faults


def faults_of_many_labels(folder, seg, truth):
    """highdicom 0.28 holds labels in one byte when it makes a mask of each; as one label map it gives all of them."""
    if not differences(seg, truth, {"source": by_source}):
        return ["masks of labels above 255 are read, so that a limit of highdicom is gone"]
    print(f"limit: {os.path.basename(folder)}: highdicom gives labels above 255 only as one label map, not as masks")
    found = by_source(seg, truth, combine_segments=True)
    return [] if numpy.array_equal(found, truth.values("LABELMAP")[0]) else ["the label map differs"]


def faults_of(folder):
    truth, faults = Truth(folder), []
    try:
        if os.path.exists(folder + "/seg.dcm"):
            faults += segmentation_faults(folder, truth)
        if os.path.exists(folder + "/sr.dcm"):
            faults += report_faults(folder, truth)
    except Exception as error:  # whatever highdicom says of a file that it does not take
        faults.append(f"{type(error).__name__}: {error}")
    return faults


if __name__ == "__main__":
    folders = sorted(entry.path for entry in os.scandir(sys.argv[1]) if entry.is_dir())
    found = [f"{os.path.basename(folder)}: {fault}" for folder in folders for fault in faults_of(folder)]
    print("\n".join(found + [f"read: {len(folders)}"]))
    sys.exit(1 if found else 0)
