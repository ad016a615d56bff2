"""Compares the text that results repeat from their source, read by pydicom: the same characters.

Usage: check_names.py SOURCE RESULT...
Exit status 1 and a line per fault. Bytes that the source's own character set cannot decode (a
scanner that says one set and sends another) must come out as the same bytes.
"""
import sys
import warnings

import pydicom

ATTRIBUTES = ["PatientName", "PatientID", "OtherPatientNames", "ReferringPhysicianName",
              "StudyDescription", "StudyID", "AccessionNumber", "IssuerOfPatientID"]


def text(dataset, keyword):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = dataset.get(keyword)
        if value is not None:
            value = str(value)
    return value or "", [str(warning.message) for warning in caught]


def raw(path, keyword):
    element = pydicom.dcmread(path, stop_before_pixels=True, force=True).get_item(keyword)
    return (element.value or b"").rstrip(b" \0") if element is not None else b""


def check(source_path, result_path):
    source = pydicom.dcmread(source_path, stop_before_pixels=True, force=True)
    result = pydicom.dcmread(result_path)
    faults = []
    undecodable = False
    if "PatientName" not in result:
        faults.append("no Patient's Name")
    for keyword in ATTRIBUTES:
        expected, complaints = text(source, keyword)
        found, new_complaints = text(result, keyword)
        undecodable = undecodable or bool(complaints)
        if complaints:
            if raw(source_path, keyword) != raw(result_path, keyword):
                faults.append(f"{keyword}: other bytes than the source's undecodable ones")
        elif new_complaints:
            faults.append(f"{keyword}: {new_complaints}")
        elif found != expected:
            faults.append(f"{keyword}: {found!r} instead of {expected!r}")
    # Our own text must be readable, too: every text of the object, sequences included.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result.decode()
        for element in result.iterall():
            if element.VR in ("LO", "LT", "PN", "SH", "ST", "UC", "UT"):
                str(element.value)
    if not undecodable:
        faults += [str(warning.message) for warning in caught]
    return [f"{result_path}: {fault}" for fault in faults]


def main():
    faults = [fault for result in sys.argv[2:] for fault in check(sys.argv[1], result)]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


main()
