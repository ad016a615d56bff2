"""Puts into each result the mistake that its folder is named after, to show that the readers of results notice it.

Usage: break_results.py FOLDER, where FOLDER holds folders as check_highdicom.py reads them. Exit status 1 when a name is
no mistake, or the mistake changes nothing.
"""
import os
import sys

import pydicom


def items(dataset):
    """All items of a data set, in the order of the file."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield item
                yield from items(item)


def of_type(report, value_type, concept=None):
    return [item for item in items(report) if item.get("ValueType") == value_type and
            (concept is None or [name.CodeValue for name in item.get("ConceptNameCodeSequence", [])] == [concept])]


def measurements(report):
    return of_type(of_type(report, "CONTAINER", "126010")[0], "NUM")


def reverse_frames(seg):
    seg.PerFrameFunctionalGroupsSequence = pydicom.Sequence(reversed(seg.PerFrameFunctionalGroupsSequence))


def shift_planes(seg):
    for group in seg.PerFrameFunctionalGroupsSequence:
        group.PlanePositionSequence[0].ImagePositionPatient[2] += 2.5


def source_of(group):
    return group.DerivationImageSequence[0].SourceImageSequence[0]


def swap_sources(seg):
    first, *others = map(source_of, seg.PerFrameFunctionalGroupsSequence)
    other = next(item for item in others if item.ReferencedSOPInstanceUID != first.ReferencedSOPInstanceUID)
    first.ReferencedSOPInstanceUID = other.ReferencedSOPInstanceUID


def invent_source(seg):
    source_of(seg.PerFrameFunctionalGroupsSequence[0]).ReferencedSOPInstanceUID = "1.2.3.4"


def change_value(report):
    number = measurements(report)[0].MeasuredValueSequence[0]
    number.NumericValue = number.NumericValue * 2
    if "FloatingPointValue" in number:
        number.FloatingPointValue *= 2


def change_unit(report):
    measurements(report)[0].MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = "m"


def change_tracking(report):
    of_type(report, "UIDREF", "112040")[0].UID = "1.2.3.4"


def change_algorithm(report):
    of_type(report, "TEXT", "111001")[0].TextValue = "Another"


def change_finding(report):
    of_type(report, "CODE", "121071")[0].ConceptCodeSequence[0].CodeValue = "10200004"


def change_segment(report):
    of_type(report, "IMAGE", "121191")[0].ReferencedSOPSequence[0].ReferencedSegmentNumber = 2


def shift_outlines(report):
    for outline in of_type(report, "SCOORD"):
        outline.GraphicData = [value + 3 for value in outline.GraphicData]


def move_outlines(report):
    for outline in of_type(report, "SCOORD"):
        outline.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3.4"


def lose_group(report):
    groups = of_type(report, "CONTAINER", "126010")[0]
    groups.ContentSequence = groups.ContentSequence[:-1]


def change_library(report):
    library = of_type(report, "CONTAINER", "111028")[0]
    of_type(library, "IMAGE")[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.2.3.4"


def change_answer(report):
    of_type(report, "CODE", "111031")[0].ConceptCodeSequence[0].CodeValue = "399067008"


def call_absent(report):
    evaluation = of_type(report, "CODE", "111065")[0]
    evaluation.ConceptNameCodeSequence[0].CodeValue = "121071"
    evaluation.ConceptCodeSequence[0].CodeValue = "2667000"
    evaluation.ConceptCodeSequence[0].CodingSchemeDesignator = "SCT"


MISTAKES = {"seg.dcm": [reverse_frames, shift_planes, swap_sources, invent_source],
            "sr.dcm": [change_value, change_unit, change_tracking, change_algorithm, change_finding, change_segment,
                       shift_outlines, move_outlines, lose_group, change_library, change_answer, call_absent]}


def main(folder):
    for name in os.listdir(folder):
        mistakes = [(file, mistake) for file, some in MISTAKES.items() for mistake in some if mistake.__name__ == name]
        if not mistakes:
            print(f"{name} is no mistake that is known here")
            return 1
        path = os.path.join(folder, name, mistakes[0][0])
        with open(path, "rb") as file:
            before = file.read()
        dataset = pydicom.dcmread(path)
        mistakes[0][1](dataset)
        dataset.save_as(path)
        with open(path, "rb") as file:
            if file.read() == before:
                print(f"{name} changed nothing")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
