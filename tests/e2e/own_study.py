"""scripts/demo --study: anybody's folder of DICOM files, made fit to be sent."""

import pathlib
import re
import uuid

import pydicom

from harness import Failure

KEYS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]


def _is_uid(value):
    return bool(re.fullmatch(r"[0-9]+(\.[0-9]+)*", str(value or ""))) and len(str(value)) <= 64


def _new_uid(text):
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, text).int}"


def _write_with_uids(path, copy):
    """Tools that anonymise take UIDs away or put other text there, with which nothing can be sent (PS3.5, 9.1). The same
    text becomes the same UID; the pixels stay as they are."""
    dataset = pydicom.dcmread(path)
    instead_of_none = {"SeriesInstanceUID": f"{dataset.StudyInstanceUID} {path.parent}",
                       "SOPInstanceUID": f"{dataset.StudyInstanceUID} {path}"}
    if "ImagePositionPatient" in dataset:
        instead_of_none["FrameOfReferenceUID"] = f"frame of {dataset.StudyInstanceUID} {path.parent}"
    for key in [*KEYS, "FrameOfReferenceUID"]:
        old = dataset.get(key) or instead_of_none.get(key)
        if old and not _is_uid(dataset.get(key)):
            setattr(dataset, key, _new_uid(str(old)))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(copy)
    return str(dataset.StudyInstanceUID)


class OwnStudy:
    """What of a folder, and of the folders below it, can be sent.

    `studies`: {Study Instance UID: number of files}; `completed`: how many files lacked UIDs and are sent as copies that
    have them; `folders`: what to send.
    """

    def __init__(self, folder, copies):
        """`copies`: a folder to be made for what lacks UIDs."""
        self.folder = pathlib.Path(folder)
        self.folders = [self.folder]
        self.studies = {}
        self.completed = 0
        if not self.folder.is_dir():
            raise Failure(f"--study {self.folder}: " + ("not a folder; name the folder of the files"
                                                        if self.folder.exists() else "there is no such folder"))
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                self._add(path, pathlib.Path(copies))
        if not self.studies:
            raise Failure(f"--study {self.folder}: no DICOM file with a Study Instance UID in it, nor in a folder below")

    def _add(self, path, copies):
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=KEYS)
        except (pydicom.errors.InvalidDicomError, OSError):
            return
        study = str(dataset.get("StudyInstanceUID") or "")
        if not study:
            return
        if not all(_is_uid(dataset.get(key)) for key in KEYS):
            if not self.completed:
                copies.mkdir()
                self.folders.append(copies)
            study = _write_with_uids(path, copies / f"{self.completed}.dcm")
            self.completed += 1
        self.studies[study] = self.studies.get(study, 0) + 1

    def Describe(self):
        text = f"{sum(self.studies.values())} files of {len(self.studies)} studies in {self.folder}"
        if self.completed:
            text += f"; {self.completed} had a UID missing or malformed, and are sent with new UIDs"
        return text
