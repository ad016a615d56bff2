"""Reads SEG and SR objects with pydicom, a reader that shares no code with Axial, and measures them."""

import subprocess

import numpy
import pydicom

from harness import Check

LEFT, RIGHT = "7771000", "24028007"  # SNOMED CT: the qualifiers left and right
VOLUME = "118565006"                 # SNOMED CT: volume
IN_MM3 = {"mm3": 1.0, "cm3": 1000.0, "ml": 1000.0}


def SegmentMasks(seg, source_uids):
    """{segment number: mask [slice][row][column]}; every frame is placed by the UID of its source image alone."""
    frames = seg.pixel_array
    if frames.ndim == 2:
        frames = frames[numpy.newaxis]
    index_of = {uid: index for index, uid in enumerate(source_uids)}
    masks = {item.SegmentNumber: numpy.zeros((len(source_uids), seg.Rows, seg.Columns), bool)
             for item in seg.SegmentSequence}
    for frame, group in zip(frames, seg.PerFrameFunctionalGroupsSequence, strict=True):
        source = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        Check(source in index_of, f"a SEG frame names the source image {source}, which was not sent")
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        masks[number][index_of[source]] |= frame.astype(bool)
    return masks


def VoxelVolumeMm3(seg):
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    row, column = (float(value) for value in measures.PixelSpacing)
    return row * column * float(measures.get("SpacingBetweenSlices", measures.SliceThickness))


def SideOfSegment(item):
    """"left", "right" or "" from the coded modifier of a Segment Sequence item."""
    modifiers = item.SegmentedPropertyTypeCodeSequence[0].get("SegmentedPropertyTypeModifierCodeSequence", [])
    for modifier in modifiers:
        if modifier.CodeValue == LEFT:
            return "left"
        if modifier.CodeValue == RIGHT:
            return "right"
    return ""


def MasksBySide(seg, source_uids):
    masks = SegmentMasks(seg, source_uids)
    return {SideOfSegment(item): masks[item.SegmentNumber] for item in seg.SegmentSequence}


def Dice(a, b):
    total = int(a.sum()) + int(b.sum())
    return 2.0 * int((a & b).sum()) / total if total else 1.0


def _walk(item):
    yield item
    for child in item.get("ContentSequence", []):
        yield from _walk(child)


def _code(item):
    sequence = item.get("ConceptNameCodeSequence")
    return sequence[0].CodeValue if sequence else ""


def IsMeasurementReport(sr):
    """An SR made by template TID 1500 (PS3.16)."""
    templates = sr.get("ContentTemplateSequence", [])
    return bool(templates) and templates[0].TemplateIdentifier == "1500"


def MadeByAxial(dataset):
    """The gateway names itself in Contributing Equipment."""
    for item in dataset.get("ContributingEquipmentSequence", []):
        if "axial" in f"{item.get('Manufacturer', '')} {item.get('ManufacturerModelName', '')}".lower():
            return True
    return False


def VolumesBySegment(sr):
    """{segment number: volume in mm3} from the measurement groups that name a segment."""
    volumes = {}
    for group in _walk(sr):
        if _code(group) != "125007":  # Measurement Group
            continue
        number, volume = None, None
        for child in group.get("ContentSequence", []):
            for reference in child.get("ReferencedSOPSequence", []):
                if "ReferencedSegmentNumber" in reference:
                    value = reference.ReferencedSegmentNumber
                    number = int(value if isinstance(value, int) else value[0])
            if _code(child) == VOLUME:
                measured = child.MeasuredValueSequence[0]
                unit = measured.MeasurementUnitsCodeSequence[0].CodeValue
                Check(unit in IN_MM3, f"a volume in the unit {unit}")
                volume = float(measured.NumericValue) * IN_MM3[unit]
        if number is not None and volume is not None:
            volumes[number] = volume
    return volumes


def Regions(sr):
    """The outlines that an SR draws of its measurement groups (TID 1410, and TID 1501 about a whole image): [{name: Tracking
    Identifier, image: SOP Instance UID, points [n][column, row], lines: "Volume: 12.30 cm3" of each number that is known
    of what has that Tracking Unique Identifier}]."""
    groups = [group for group in _walk(sr) if _code(group) == "125007"]
    text = {id(group): {_code(child): child for child in group.ContentSequence} for group in groups}
    lines = {}
    for group in groups:
        for child in group.ContentSequence:
            if child.ValueType == "NUM":
                value = child.MeasuredValueSequence[0]
                lines.setdefault(text[id(group)]["112040"].UID, []).append(
                    f"{child.ConceptNameCodeSequence[0].CodeMeaning}: {float(value.NumericValue):.2f} "
                    f"{value.MeasurementUnitsCodeSequence[0].CodeValue}")
    regions = []
    for group in groups:
        outlines = [child for child in group.ContentSequence if child.ValueType == "SCOORD"]
        if group.ContentTemplateSequence[0].TemplateIdentifier == "1501":
            outlines = [item for item in _walk(group) if item.get("ValueType") == "SCOORD"]
        for outline in outlines:
            data = [float(value) for value in outline.GraphicData]
            regions.append({"name": str(text[id(group)]["112039"].TextValue),
                            "image": str(outline.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID),
                            "points": list(zip(data[0:-2:2], data[1:-2:2])),
                            "lines": lines.get(text[id(group)]["112040"].UID, [])})
    return regions


def CodedAnswers(sr):
    """[(question, answer)] meanings of every CODE item in the report."""
    return [(item.ConceptNameCodeSequence[0].CodeMeaning, item.ConceptCodeSequence[0].CodeMeaning)
            for item in _walk(sr) if item.get("ValueType") == "CODE"]


def CodedItems(sr):
    """[(question, answer)] code values of every CODE item in the report."""
    return [(_code(item), item.ConceptCodeSequence[0].CodeValue) for item in _walk(sr) if item.get("ValueType") == "CODE"]


def ValidatorErrors(files):
    """The `Error` lines of dciodvfy over each of `files`."""
    errors = []
    for file in files:
        answer = subprocess.run(["dciodvfy", str(file)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                errors="replace", check=False)
        errors += [f"dciodvfy {file}: {line}" for line in (answer.stdout + answer.stderr).splitlines()
                   if line.startswith("Error")]
    return errors


def ContextErrors(sources, results):
    """The `Error` lines of dcentvfy: patient and study attributes that differ between results and sources."""
    answer = subprocess.run(["dcentvfy", *map(str, sources), *map(str, results)], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, errors="replace", check=False)
    return [f"dcentvfy: {line}" for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("Error")]


def Fetch(orthanc, study_uid, modality, folder):
    """[(path, dataset)] of the study's objects of this modality, as Orthanc returns them."""
    found = []
    for number, (instance, _) in enumerate(orthanc.InstancesOf(study_uid, modality)):
        path = orthanc.Download(instance, folder / f"{modality}-{study_uid[-8:]}-{number}.dcm")
        found.append((path, pydicom.dcmread(path)))
    return found
