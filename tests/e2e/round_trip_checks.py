"""Compares DICOM objects attribute for attribute, and an archive's DICOMweb and C-FIND answers with the objects."""

import json
import urllib.error
import urllib.request

import numpy
import pydicom
from pydicom.encaps import generate_pixel_data_frame

from harness import Check

PIXEL_DATA = pydicom.tag.Tag(0x7FE00010)
NUMBERS, INTEGERS, BYTES = ("DS", "FL", "FD"), ("IS", "US", "SS", "UL", "SL"), ("OB", "OW", "UN")


def IsPacked(dataset):
    """Whether frames begin within a byte: one bit per pixel, and pixels that fill no bytes."""
    return dataset.BitsAllocated == 1 and dataset.Rows * dataset.Columns % 8 != 0


def HasProbabilities(dataset):
    """Whether a Segmentation has values between no and certainly."""
    return dataset.get("SegmentationType") == "FRACTIONAL" and not numpy.isin(dataset.pixel_array, (0, 255)).all()


def Frames(dataset):
    """The bytes of each frame, as they are in Pixel Data; RLE is not decoded."""
    count = int(dataset.get("NumberOfFrames", 1))
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        frames = list(generate_pixel_data_frame(dataset.PixelData, count))
        Check(len(frames) == count, f"{len(frames)} frames of {count}")
        return frames
    if IsPacked(dataset):
        return [dataset.PixelData]
    size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
    Check(len(dataset.PixelData) - count * size in (0, 1), f"{len(dataset.PixelData)} bytes are not {count} frames of {size}")
    return [dataset.PixelData[number * size:(number + 1) * size] for number in range(count)]


def Decoded(frame, dataset):
    """A frame of Frames() without compression (PS3.5 annex G): the bytes of the pixels, least significant first."""
    if not dataset.file_meta.TransferSyntaxUID.is_compressed:
        return frame
    from pydicom.pixel_data_handlers.rle_handler import _rle_decode_frame
    return bytes(_rle_decode_frame(frame, dataset.Rows, dataset.Columns, dataset.SamplesPerPixel, dataset.BitsAllocated))


def Differences(sent, got, where=""):
    """At most 20 lines, one for each attribute that two data sets, just read, do not have in the same bytes. File meta
    information may differ; Pixel Data in fragments are compared frame by frame."""
    lines = []
    for tag in sorted(set(sent.keys()) | set(got.keys())):
        name = f"{where}{tag} {pydicom.datadict.keyword_for_tag(tag)}"
        if tag not in got or tag not in sent:
            lines.append(f"{name}: {'is gone' if tag in sent else 'was added'}")
            continue
        if tag == PIXEL_DATA and sent.file_meta.TransferSyntaxUID.is_compressed:
            if got.file_meta.TransferSyntaxUID != sent.file_meta.TransferSyntaxUID:
                lines.append(f"{name}: now in {got.file_meta.TransferSyntaxUID.name}")
            elif Frames(sent) != Frames(got):
                lines.append(f"{name}: other frames")
            continue
        a, b = sent.get_item(tag), got.get_item(tag)
        if a.VR != b.VR and None not in (a.VR, b.VR):
            lines.append(f"{name}: VR {a.VR}, now {b.VR}")
        elif "SQ" in (a.VR, b.VR):
            a, b = sent[tag].value, got[tag].value
            if len(a) != len(b):
                lines.append(f"{name}: {len(a)} items, now {len(b)}")
            for number, (one, other) in enumerate(zip(a, b), 1):
                lines += Differences(one, other, f"{name}[{number}] > ")
        elif a.value != b.value:
            lines.append(f"{name}: {a.value!r:.100}, now {b.value!r:.100}")
    return lines[:20]


# ---- DICOMweb (PS3.18)


def _get(url, accept):
    """(status, content type, body)"""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers={"Accept": accept}), timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def _parts(content_type, body):
    """The bodies of a multipart/related answer (RFC 2387)."""
    boundary = content_type.split("boundary=")[1].split(";")[0].strip('"').encode()
    pieces = body.split(b"--" + boundary)
    Check(pieces[-1].startswith(b"--"), "the multipart answer does not end")
    return [piece.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for piece in pieces[1:-1]]


def _url(orthanc, dataset):
    return (f"{orthanc.url}/dicom-web/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
            f"/instances/{dataset.SOPInstanceUID}")


def CheckFrames(orthanc, dataset):
    """Every frame that /frames gives has the right length, and is what was sent. Returns how many were compared."""
    if "PixelData" not in dataset:
        return 0
    frames = Frames(dataset)
    count = int(dataset.get("NumberOfFrames", 1))
    numbers = ",".join(str(number) for number in range(1, count + 1))
    if dataset.BitsAllocated == 1 and dataset.Columns % 8 != 0:
        # Orthanc 1.10 cannot give a frame with a row that begins within a byte; it must say so, and not give another one.
        status, _, body = _get(f"{_url(orthanc, dataset)}/frames/1", "multipart/related; type=application/octet-stream")
        Check(status == 400, f"/frames of a binary Segmentation of {dataset.Columns} columns: HTTP {status}, "
                             f"{len(body)} bytes; Orthanc 1.10 says 400. Correct docs/results.md and this test")
        return 0
    size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
    compressed = dataset.file_meta.TransferSyntaxUID.is_compressed
    for syntax in ("", "; transfer-syntax=*") if compressed else ("",):
        status, content_type, body = _get(f"{_url(orthanc, dataset)}/frames/{numbers}",
                                          f"multipart/related; type=application/octet-stream{syntax}")
        Check(status == 200, f"/frames: HTTP {status}: {body[:300]!r}")
        got = _parts(content_type, body)
        Check(len(got) == count, f"/frames: {len(got)} of {count}")
        for number, (one, other) in enumerate(zip(frames, got), 1):
            wanted = one if syntax else Decoded(one, dataset)
            Check(syntax or len(other) == size, f"/frames/{number}: {len(other)} bytes instead of {size}")
            Check(other == wanted, f"/frames/{number}{syntax} of {dataset.get('SegmentationType', dataset.Modality)} with "
                                   f"{dataset.BitsAllocated} bits, {dataset.file_meta.TransferSyntaxUID.name}, was sent otherwise")
    return count


def CheckMetadata(orthanc, dataset):
    """/metadata says the same as the object. Returns how many values were compared."""
    status, _, body = _get(f"{_url(orthanc, dataset)}/metadata", "application/dicom+json")
    Check(status == 200, f"/metadata: HTTP {status}: {body[:300]!r}")
    said, = json.loads(body)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        said.setdefault("7FE00010", {"vr": dataset["PixelData"].VR, "BulkDataURI": ""})  # Orthanc leaves it to /frames
    lines = []
    count = _compare_json(dataset, said, "", lines)
    Check(not lines, f"/metadata of {dataset.SOPClassUID.name} {dataset.file_meta.TransferSyntaxUID.name} differs:\n  " + "\n  ".join(lines[:20]))
    return count


def _compare_json(dataset, said, where, lines):
    """Puts one line for each attribute that DICOM JSON (PS3.18 annex F) says otherwise into `lines`."""
    count = 0
    tags = {f"{element.tag.group:04X}{element.tag.elem:04X}": element for element in dataset}
    for key in sorted(set(tags) ^ set(said)):
        lines.append(f"{where}{key}: {'is missing' if key in tags else 'is added'}")
    for key in sorted(set(tags) & set(said)):
        element, name = tags[key], f"{where}{key} {tags[key].keyword}"
        if element.VR == "SQ":
            items = said[key].get("Value", [])
            if len(items) != len(element.value):
                lines.append(f"{name}: {len(items)} items of {len(element.value)}")
            for item, of_json in zip(element.value, items):
                count += _compare_json(item, of_json, f"{name} > ", lines)
            continue
        count += 1
        if said[key]["vr"] != element.VR:
            lines.append(f"{name}: VR {said[key]['vr']} instead of {element.VR}")
        elif element.VR in BYTES:
            if not {"BulkDataURI", "InlineBinary"} & set(said[key]):
                lines.append(f"{name}: no bulk data")
        elif _values_of_json(said[key]) != _values(element):
            lines.append(f"{name}: {_values_of_json(said[key])} instead of {_values(element)}"[:300])
    return count


def _values(element):
    if element.is_empty:
        return []
    values = element.value if element.VM > 1 else [element.value]
    if element.VR in NUMBERS:
        return [float(value) for value in values]
    if element.VR in INTEGERS:
        return [int(value) for value in values]
    if element.VR == "AT":
        return [f"{value.group:04X}{value.elem:04X}" for value in values]
    return [str(value) for value in values]


def _values_of_json(said):
    values = ["" if value is None else value for value in said.get("Value", [])]
    if said["vr"] == "PN":
        groups = [[value.get(group, "") for group in ("Alphabetic", "Ideographic", "Phonetic")] for value in values]
        return ["=".join(group).rstrip("=") for group in groups]
    if said["vr"] in NUMBERS:
        return [float(value) for value in values]
    return [int(value) if said["vr"] in INTEGERS else str(value) for value in values]


# ---- C-FIND


def CheckQueries(find, case, sent, series_keys):
    """What the archive answers to `find`(level, **keys) lists our series beside the patient's own, under one study."""
    patient = case.sources[0]
    study, = find("STUDY", PatientID=patient.PatientID, StudyInstanceUID="", PatientName="", StudyDescription="")
    Check(study.StudyInstanceUID == case.study_uid, f"the patient's study is {study.StudyInstanceUID}")
    Check(study.PatientName == patient.PatientName, f"the patient is {study.PatientName}")
    series = find("SERIES", StudyInstanceUID=case.study_uid, SeriesInstanceUID="", **{key: "" for key in series_keys})
    listed = {one.SeriesInstanceUID: one for one in series}
    wanted = {dataset.SeriesInstanceUID: dataset for dataset in (*sent, *case.sources)}
    Check(len(series) == len(listed) and set(listed) == set(wanted), f"the study has the series {set(listed)}")
    for uid, dataset in wanted.items():
        for key in series_keys:
            Check(listed[uid].get(key) == dataset.get(key),
                  f"{key} of a series is {listed[uid].get(key)!r} instead of {dataset.get(key)!r}")
