"""Archives of other makers beside Orthanc: DCMTK's dcmqrscp and one made of dcmjs-dimse. Both give back what they hold
as DICOM files."""

import json
import pathlib
import subprocess

import pydicom

import harness
from harness import Check, FreePort, Process, WaitFor


def Tool(log, *command, seconds=120):
    """Runs one of DCMTK's programs; it must succeed."""
    answer = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=seconds, check=False)
    pathlib.Path(log).write_bytes(answer.stdout)
    Check(answer.returncode == 0,
          f"{command[0]} ended with {answer.returncode}:\n{answer.stdout.decode(errors='replace')[-2000:]}")


def Find(archive, level, folder, **keys):
    """C-FIND, Study Root: the data sets that match; `keys` by keyword, "" for what is to be returned."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    query = ["-k", f"QueryRetrieveLevel={level}"]
    for keyword, value in keys.items():
        query += ["-k", f"{keyword}={value}"]
    Tool(folder / "findscu.log", "findscu", "-S", "-X", "-od", folder, "-aet", "READER", "-aec", archive.ae_title, *query,
         "127.0.0.1", archive.dicom_port)
    return [pydicom.dcmread(file, force=True) for file in sorted(folder.glob("rsp*.dcm"))]


class Dcmqrscp:
    """DCMTK's archive, which takes the SOP Classes that its release knows. It is one archive for each of `ae_titles`, with
    storage of its own: of two Associations that store into one at once, release 3.6.7 loses objects that it confirmed."""

    def __init__(self, folder, ae_titles):
        self.folder = pathlib.Path(folder)
        self.dicom_port = FreePort()
        self.areas = [DcmqrscpArea(self, title) for title in ae_titles]
        self.process = None

    def Start(self):
        config = self.folder / "dcmqrscp.cfg"
        config.write_text("\n".join([
            "MaxPDUSize = 131072", "MaxAssociations = 64", "HostTable BEGIN", "HostTable END",
            "VendorTable BEGIN", "VendorTable END", "AETable BEGIN",
            *(f"{area.ae_title} {area.storage} RW (200, 1024mb) ANY" for area in self.areas), "AETable END"]) + "\n")
        self.process = Process("dcmqrscp", ["dcmqrscp", "-v", "+xr", "-c", config, self.dicom_port],
                               self.folder / "dcmqrscp.log", {"TCP_NODELAY": "1"})
        WaitFor("dcmqrscp to answer", lambda: harness.TcpAnswers(self.dicom_port), 60, [self.process])

    def Stop(self):
        if self.process:
            self.process.Stop()


class DcmqrscpArea:
    """One archive of a Dcmqrscp."""

    def __init__(self, server, ae_title):
        self.ae_title, self.dicom_port = ae_title, server.dicom_port
        self.storage = server.folder / ae_title
        self.storage.mkdir(parents=True)

    def Fetch(self, study_uid, folder):
        """{SOP Instance UID: file} of the study (C-GET)."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        # It neither compresses nor decompresses: what it has compressed, it gives only where that was negotiated.
        for syntax in ("+x=", "+xr"):
            Tool(self.storage / f"getscu{syntax}.log", "getscu", "-v", "-S", syntax, "+B", "-od", folder, "-aet", "READER",
                 "-aec", self.ae_title, "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_uid}",
                 "127.0.0.1", self.dicom_port)
        return {str(pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID): file for file in folder.iterdir()}


class DcmjsDimse:
    """An archive of dcmjs-dimse (npm): it parses each object and keeps it as dcmjs writes it.

    `unknown_classes`: SOP Classes that it does not accept in an Association; `unwanted_classes`: those that it answers
    with 0122H."""

    ae_title = "DCMJS"

    def __init__(self, folder, unknown_classes=(), unwanted_classes=()):
        self.folder = pathlib.Path(folder)
        self.storage = self.folder / "storage"
        self.storage.mkdir(parents=True)
        self.dicom_port = FreePort()
        self._refuses = {"contexts": list(unknown_classes), "objects": list(unwanted_classes)}
        self.process = None

    def Start(self):
        self.process = Process("the dcmjs-dimse archive", [
            "node", harness.ROOT / "tests/e2e/dcmjs_dimse_archive.mjs", harness.PEERS, self.dicom_port, self.storage,
            json.dumps(self._refuses)], self.folder / "dcmjs.log")
        WaitFor("dcmjs-dimse to answer", lambda: harness.TcpAnswers(self.dicom_port), 60, [self.process])

    def Stop(self):
        if self.process:
            self.process.Stop()

    def Fetch(self, study_uid, _):
        """{SOP Instance UID: file} of the study."""
        return {file.stem: file for file in (self.storage / study_uid).glob("*.dcm")}
