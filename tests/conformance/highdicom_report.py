"""What highdicom finds in a report, against what the report was made from."""
import json
import math
import os

import highdicom
import numpy
from highdicom.sr.utils import find_content_items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

NAMES = ("Algorithm Name", "Algorithm Version")


def code(item):
    return None if item is None else (item.value, item.scheme_designator)


def wanted_code(values):
    return None if values is None else tuple(values[:2])


def algorithm(group):
    """Name and version beside a group's or a measurement's values."""
    texts = {item.name.meaning: item.value for item in group[0].ContentSequence if item.name.meaning in NAMES}
    return [texts.get(name) for name in NAMES]


def near(found, wanted):
    return math.isclose(found, wanted, rel_tol=5e-6, abs_tol=1e-9)  # a report has six digits


def found_groups(report, how):
    """The groups that highdicom finds. 0.28 cannot look into Imaging Measurements without a group, which has no
    Content Sequence then (Type 1C): none are there, and highdicom must say so by that very error."""
    measurements = find_content_items(report.content[0], name=codes.DCM.ImagingMeasurements)
    if len(measurements) == 1 and "ContentSequence" not in measurements[0]:
        try:
            getattr(report.content, how)()
        except AttributeError as error:
            if "Content Sequence" in str(error):
                return []
            raise
    return getattr(report.content, how)()


class Faults(list):
    def expect(self, what, found, wanted):
        if found != wanted:
            self.append(f"{what} is {found}, not {wanted}")


def check_measurements(group, wanted, who, faults, said_by):
    """Each of `wanted` is in the group once, with value, unit, derivation and algorithm."""
    found = group.get_measurements()
    faults.expect(f"{who}: number of measurements", len(found), len(wanted))
    for measurement in wanted:
        quantity, derivation = wanted_code(measurement["quantity"]), wanted_code(measurement["derivation"])
        same = [item for item in found if code(item.name) == quantity and code(item.derivation) == derivation]
        if len(same) != 1:
            faults.append(f"{who}: {measurement['quantity'][2]} is there {len(same)} times")
            continue
        if not near(same[0].value, measurement["value"]):
            faults.append(f"{who}: {measurement['quantity'][2]} is {same[0].value}, not {measurement['value']}")
        faults.expect(f"{who}: unit", code(same[0].unit), wanted_code(measurement["unit"]))
        faults.expect(f"{who}: algorithm of a measurement", algorithm(same[0]), said_by)


def check_volumetric(report, told, segmentation, faults):
    groups = {group.tracking_uid: group for group in found_groups(report, "get_volumetric_roi_measurement_groups")}
    wanted = told["segments"] if segmentation is not None or not told["single_images"] else []
    faults.expect("volumetric groups of", sorted(groups), sorted(segment["tracking_uid"] for segment in wanted))
    for segment in wanted:
        group, who = groups.get(segment["tracking_uid"]), segment["tracking_id"]
        if group is None:
            continue
        faults.expect(f"{who}: tracking identifier", group.tracking_identifier, segment["tracking_id"])
        faults.expect(f"{who}: finding", code(group.finding_type), wanted_code(segment["type"]))
        faults.expect(f"{who}: category", code(group.finding_category), wanted_code(segment["category"]))
        faults.expect(f"{who}: algorithm", algorithm(group), told["algorithm"])
        check_measurements(group, segment["measurements"], who, faults, told["algorithm"])
        if segmentation is None:
            continue
        reference = group.referenced_segment
        faults.expect(f"{who}: segment", (reference.referenced_sop_instance_uid, reference.referenced_segment_numbers),
                      (segmentation.SOPInstanceUID, [segment["number"]]))
        faults.expect(f"{who}: source series", reference.source_series_for_segmentation.value, told["series"])


def filled(points, box):
    """The pixels in a box (of slices) whose centres are within an outline, in the coordinates of SCOORD: the centre of
    pixel (0, 0) is (0.5, 0.5)."""
    rows, columns = numpy.mgrid[box] + 0.5
    inside = numpy.zeros(rows.shape, bool)
    for (x0, y0), (x1, y1) in zip(points, numpy.roll(points, -1, axis=0)):
        if y0 != y1:
            inside ^= ((y0 > rows) != (y1 > rows)) & (columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
    return inside


def box_around(points, shape):
    """With a pixel of margin: what hangs together with a part of a segment outside of its outline is in there, too."""
    low, high = numpy.floor(points.min(axis=0)).astype(int) - 1, numpy.ceil(points.max(axis=0)).astype(int) + 1
    return tuple(slice(max(low[i], 0), min(high[i], shape[1 - i])) for i in (1, 0))


def grown(seed, within, over_corners):
    """`seed` and all of `within` that hangs together with it."""
    while True:
        padded = numpy.pad(seed, 1)
        shifted = [padded[r:r + seed.shape[0], c:c + seed.shape[1]] for r in range(3) for c in range(3)
                   if over_corners or r == 1 or c == 1]
        larger = numpy.logical_or.reduce(shifted) & within
        if numpy.array_equal(larger, seed):
            return seed
        seed = larger


def part_of(mask, inside):
    """The pixels of `mask` that hang together, over edges, with the first one in `inside`."""
    seed = numpy.zeros_like(mask)
    seed[tuple(numpy.argwhere(mask & inside)[0])] = True
    return grown(seed, mask, over_corners=False)


def without_holes(part):
    background = ~numpy.pad(part, 1)
    seed = numpy.zeros_like(background)
    seed[0, 0] = True
    return ~grown(seed, background, over_corners=True)[1:-1, 1:-1]


def check_region(group, who, told, truth, mask_of, faults):
    """A planar region is one part of a segment on one image, and its area the one of that part."""
    roi = group.roi
    image = roi.ContentSequence[0].ReferencedSOPSequence[0]
    frame = image.get("ReferencedFrameNumber", 1)
    at = [i for i, (uid, number, _) in enumerate(truth.frames)
          if (uid, number) == (image.ReferencedSOPInstanceUID, frame)]
    if len(at) != 1:
        faults.append(f"{who}: its image is not of the source")
        return None
    box = box_around(roi.value, mask_of[at[0]].shape)
    mask = mask_of[at[0]][box]
    inside = filled(roi.value, box)
    if not (mask & inside).any():
        faults.append(f"{who}: nothing of the segment is in its outline")
        return None
    part = part_of(mask, inside)
    if not numpy.array_equal(inside, without_holes(part)):
        faults.append(f"{who}: its outline is not around a part of the segment")
    areas = [item for item in group.get_measurements() if item.name == Code("42798000", "SCT", "Area")]
    spacing = told["pixel_spacing"][at[0]]
    faults.expect(f"{who}: number of areas", len(areas), 1 if spacing else 0)
    if spacing and areas:
        pixel = math.prod(map(float, spacing.split("\\")))
        if not near(areas[0].value, part.sum() * pixel):
            faults.append(f"{who}: area is {areas[0].value}, not {part.sum() * pixel}")
        faults.expect(f"{who}: area's unit", areas[0].unit.value, "mm2")
    return (at[0], *box), part


def check_planar(report, told, truth, faults):
    """Every planar group is a region of a segment; where regions are few, every part of a segment has its group."""
    groups = found_groups(report, "get_planar_roi_measurement_groups")
    left = {segment["number"]: truth.mask(segment["number"]).copy() for segment in told["segments"]}
    uids = [group.tracking_uid for group in groups]
    faults.expect("number of different planar tracking UIDs", len(set(uids)), len(uids))
    for group in groups:
        who = group.tracking_identifier  # highdicom takes milliseconds for it
        segments = [segment for segment in told["segments"] if segment["tracking_id"] + "," in who]
        if len(segments) != 1:
            faults.append(f"{who}: of {len(segments)} segments")
            continue
        number = segments[0]["number"]
        faults.expect(f"{who}: finding", code(group.finding_type), wanted_code(segments[0]["type"]))
        faults.expect(f"{who}: algorithm", algorithm(group), told["algorithm"])
        found = check_region(group, who, told, truth, truth.mask(number), faults)
        if found is not None:
            if not left[number][found[0]][found[1]].all():
                faults.append(f"{who}: a region that another group has, too")
            left[number][found[0]][found[1]] = False
    return left, len(groups)


def check_answers(report, told, truth, faults):
    groups = found_groups(report, "get_image_measurement_groups")
    faults.expect("number of answers", len(groups), len(told["answers"]))
    for answer in told["answers"]:
        who = answer["question"][2]
        same = [(group, item) for group in groups for item in group.get_qualitative_evaluations()
                if (code(item.name), code(item.value)) == (wanted_code(answer["question"]), wanted_code(answer["answer"]))]
        if len(same) != 1:
            faults.append(f"{who}: the answer is there {len(same)} times")
            continue
        group = same[0][0]
        faults.expect(f"{who}: algorithm", algorithm(group), told["algorithm"])
        certainty = [item.value for item in group.get_measurements() if code(item.name) == ("111012", "DCM")]
        if len(certainty) != 1 or not near(certainty[0], 100 * answer["probability"]):
            faults.append(f"{who}: certainty is {certainty}, not {100 * answer['probability']}")
        about = answer["frame"] if len(truth.frames) > 1 else 0
        wanted = [] if about < 0 else [truth.frames[about][0]]
        faults.expect(f"{who}: images", [item.referenced_sop_instance_uid for item in group.source_images], wanted)


def check_absence(report, told, faults):
    """Finding: Absent, exactly where the model ran and found nothing; Failed or Not Attempted where it did not run."""
    evaluations = [(code(item.name), code(item.value))
                   for container in find_content_items(report.content[0], name=Code("C0034375", "UMLS", ""))
                   for item in container.ContentSequence if item.value_type.value == "CODE"]
    nothing = not told["segments"] and not told["answers"]
    faults.expect("number of absences", evaluations.count((("121071", "DCM"), ("2667000", "SCT"))),
                  1 if nothing and not told["failed"] else 0)
    failures = [value for name, value in evaluations if name == ("111065", "DCM")]
    faults.expect("number of failures", len(failures), 1 if told["failed"] else 0)
    faults.expect("Completion Flag", report.CompletionFlag, "PARTIAL" if told["failed"] else "COMPLETE")
    if failures and failures[0] not in (("111224", "DCM"), ("111225", "DCM")):
        faults.append(f"the failure is {failures[0]}")


def report_faults(folder, truth):
    with open(folder + "/report.json", encoding="utf-8") as text:
        told = json.load(text)
    report, segmentation, faults = highdicom.sr.srread(folder + "/sr.dcm"), None, Faults()
    if os.path.exists(folder + "/seg.dcm"):
        segmentation = highdicom.seg.segread(folder + "/seg.dcm")
    check_volumetric(report, told, segmentation, faults)
    left, regions = check_planar(report, told, truth, faults)
    if told["regions"] >= 0:
        faults.expect("number of planar regions", regions, told["regions"])
        if told["single_images"] and any(mask.any() for mask in left.values()):
            faults.append("a part of a segment has no planar region")
    check_answers(report, told, truth, faults)
    check_absence(report, told, faults)
    return faults
