"""A chest CT's Segmentation in the OHIF viewer: listed by name and colour, and drawn on the lungs.

Where the lungs are is the phantom's truth; where they are in the picture is told by the geometry of the CT image. So a
Segmentation that is shifted, flipped, or on another slice does not pass.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy
import PIL.Image

import harness
import results
from harness import Check, WaitFor


def Pixels(picture, view, mask):
    """Colours [n][red, green, blue] of the picture where those of the image's pixels in `mask` [row][column] are that
    the viewport shows."""
    rows, columns = numpy.nonzero(mask)
    at = (numpy.array(view["origin"]) + columns[:, None] * numpy.array(view["column_step"]) +
          rows[:, None] * numpy.array(view["row_step"]))
    left, top, right, bottom = view["viewport"]
    x, y = numpy.round(at).astype(int).T
    inside = (x > left + 3) & (x < right - 16) & (y > top + 3) & (y < bottom - 3)  # less the border and the scrollbar
    x, y = x[inside], y[inside]
    return picture[y, x].astype(int)


def Away(mask, pixels):
    """The mask without what is within `pixels` of its border."""
    for _ in range(pixels):
        grown = mask.copy()
        for axis in (0, 1):
            for step in (1, -1):
                grown &= numpy.roll(mask, step, axis)
        mask = grown
    return mask


def Body(workspace, binaries):
    missing = harness.MissingViewer()
    if missing:
        harness.Skip(f"the results in the OHIF viewer: {missing}")
    folder = workspace.folder
    orthanc = workspace.Own(harness.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(harness.Gateway(folder / "axial", binaries, orthanc))
    gateway.Start()
    viewer = workspace.Own(harness.Viewer(folder, orthanc))
    viewer.Start()
    ct = harness.Phantom(binaries, folder / "ct", "ct", "--seed", "21")
    for node in (orthanc, gateway):
        harness.SendAll(ct.folder, node, folder / f"send-{node.ae_title}.log", len(ct.files))
    WaitFor("the SEG and the SR in the PACS", lambda: orthanc.InstancesOf(ct.study_uid, "SEG") and
            orthanc.InstancesOf(ct.study_uid, "SR"), 300, [gateway.process, orthanc.process])

    truth = ct.truth
    labels = numpy.fromfile(ct.folder / truth["label_file"], numpy.uint8).reshape(
        truth["slices"], truth["rows"], truth["columns"])
    # An asymmetric choice: a slice in the upper half tells a stack that is upside down.
    slice_index = truth["slices"] * 2 // 3
    artefacts = pathlib.Path(sys.argv[2])
    artefacts.mkdir(parents=True, exist_ok=True)
    picture_file = artefacts / "viewer_ct.png"
    answer = subprocess.run([shutil.which("node"), harness.ROOT / "tests/e2e/ohif.mjs", harness.PEERS,
                             viewer.UrlOf(ct.study_uid), truth["sop_instance_uids"][slice_index], picture_file],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=420)
    Check(answer.returncode == 0, f"the viewer did not show it: {answer.stderr}\n  picture: {picture_file}")
    view = json.loads(answer.stdout)
    print(f"thumbnails: {view['thumbnails']}\nsegments: {view['segments']}\nrows: {view['rows']}")
    Check(any("SR" in text for text in view["thumbnails"]), f"the SR is not listed: {view['thumbnails']}")

    (_, seg), = results.Fetch(orthanc, ct.study_uid, "SEG", folder)
    colour_of = {segment["name"]: numpy.array(segment["colour"][:3]) for segment in view["segments"]}
    names = [str(item.SegmentLabel) for item in seg.SegmentSequence]
    for name in names:
        Check(name in colour_of, f"the viewer does not know the segment {name}: {view['segments']}")
        Check(any(name in row for row in view["rows"]), f"the panel does not list {name}: {view['rows']}")

    picture = numpy.asarray(PIL.Image.open(picture_file).convert("RGB"))
    for label in truth["labels"]:
        side = label["name"].split()[0].lower()
        name = next(name for name in names if name.lower().startswith(side))
        # Grey has no hue; an overlay has that of its segment's colour, lighter or darker.
        seen = Pixels(picture, view, Away(labels[slice_index] == label["value"], 3))
        Check(len(seen) > 200, f"{name}: too few pixels on this slice to tell, {len(seen)}")
        hue = seen - seen.mean(axis=1, keepdims=True)
        wanted = colour_of[name] - colour_of[name].mean()
        alike = (hue @ wanted) / (numpy.linalg.norm(hue, axis=1) * numpy.linalg.norm(wanted) + 1e-9)
        coloured = float(((alike > 0.9) & (numpy.linalg.norm(hue, axis=1) > 15)).mean())
        print(f"{name}: {100 * coloured:.1f} % of its {len(seen)} pixels have its colour")
        Check(coloured > 0.9, f"{name}: only {100 * coloured:.1f} % of the lung is coloured; picture: {picture_file}")
    outside = Pixels(picture, view, Away(labels[slice_index] == 0, 5))
    stray = float((outside.max(axis=1) - outside.min(axis=1) > 30).mean())
    print(f"outside the lungs: {100 * stray:.2f} % coloured")
    Check(stray < 0.02, f"{100 * stray:.1f} % of what is not lung is coloured; picture: {picture_file}")


harness.RunTest(Body)
