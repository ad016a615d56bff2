"""Orthanc answers with the plugin as it does without: REST, DICOM and DICOMweb, scenario by scenario, one after the other.

Times, jobs' ids, ports and what depends on the moment (IsStable) are left out of the comparison; Orthanc's ids, UIDs, files and pixels are not. No rule matches, so
that the archive's content is the sender's alone, but the plugin takes every study in and judges it.
"""

import email
import hashlib
import io
import json
import re
import subprocess
import zipfile

import pydicom

import harness
import nodes
import orthanc_host
from harness import Check, WaitFor

DICOM_JSON = {"Accept": "application/dicom+json"}
NO_RULE = {"name": "Never", "when": {"Modality": "XX"}, "run": "dx-position", "send_to": ["pacs"]}
# What DICOMweb caches of a series it stores in its own time.
SETTINGS = {"DicomAlwaysAllowFind": True, "DicomAlwaysAllowMove": True, "StableAge": 1,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableMetadataCache": False}}


def Digest(content):
    return f"{len(content)} bytes {hashlib.sha256(content).hexdigest()[:16]}"


class Session:
    """One Orthanc and all that it was asked."""

    def __init__(self, orthanc, folder, studies):
        self.orthanc, self.folder, self.studies = orthanc, folder, studies
        self.answers = []
        folder.mkdir()

    def Normal(self, text):
        for port, name in ((self.orthanc.http_port, "HTTP"), (self.orthanc.dicom_port, "DICOM"), (self.target_port, "TARGET")):
            text = re.sub(rf"\b{port}\b", f"<{name}>", text)
        text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>", text)
        text = re.sub(r"\b\d{8}T\d{6}(\.\d+)?\b", "<time>", text)
        text = re.sub(r'"IsStable": (true|false)', '"IsStable": "<when it comes>"', text)
        text = re.sub(r'"DatabaseServerIdentifier": "[^"]*"', '"DatabaseServerIdentifier": "<database>"', text)
        return text.replace(str(self.folder), "<folder>").replace(str(self.orthanc.folder), "<pacs>")

    def Note(self, name, answer):
        self.answers.append((name, self.Normal(answer if isinstance(answer, str) else json.dumps(answer, indent=1, sort_keys=True))))
        return answer

    def Ask(self, name, method, path, body=None, headers=None):
        """Notes status, type and body; of pixels and files, a digest."""
        status, fields, content = self.orthanc.Ask(method, path, body, headers, seconds=60)
        kind = fields.get("Content-Type", "").split(";")[0]
        if kind.startswith("multipart/"):
            parts = email.message_from_bytes(b"Content-Type: " + fields["Content-Type"].encode() + b"\r\n\r\n" + content).get_payload()
            shown = [f"{part.get_content_type()} {Digest(part.get_payload(decode=True))}" for part in parts]
        elif kind == "application/zip":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                shown = sorted(f"{one.filename} {one.CRC:08x}" for one in archive.infolist())
        elif kind.endswith("json"):
            shown = json.loads(content) if content else None
        else:
            shown = content.decode() if content.isascii() and len(content) < 5000 else Digest(content)
        self.Note(name, {"request": f"{method} {path}", "status": status, "type": kind, "body": shown})
        return content

    def Run(self, name, *command):
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              check=False, env={"PATH": "/usr/bin:/bin", "TCP_NODELAY": "1"})
        self.Note(name, {"exit code": done.returncode, "says": [line for line in (done.stdout + done.stderr).splitlines()
                                                                if "Association" not in line and "PDU" not in line]})


def Upload(session):
    ct, dx, mr = session.studies
    session.Run("C-ECHO", "echoscu", "-aec", "ORTHANC", "127.0.0.1", session.orthanc.dicom_port)
    session.Run("C-STORE", "storescu", "-v", "+sd", "+sp", "*.dcm", "-aec", "ORTHANC", "127.0.0.1", session.orthanc.dicom_port, ct.folder)
    for file in dx.files:
        session.Ask("REST upload", "POST", "/instances", file.read_bytes())
        session.Ask("REST upload again", "POST", "/instances", file.read_bytes())
    session.Ask("REST upload of garbage", "POST", "/instances", b"no DICOM at all")
    session.Ask("REST upload of half a file", "POST", "/instances", dx.files[0].read_bytes()[:600])
    parts = b"".join(b"--limit\r\nContent-Type: application/dicom\r\n\r\n" + file.read_bytes() + b"\r\n" for file in mr.files)
    session.Ask("STOW", "POST", "/dicom-web/studies", parts + b"--limit--\r\n", {
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=limit', **DICOM_JSON})
    session.Ask("STOW of garbage", "POST", "/dicom-web/studies", b"--limit\r\nContent-Type: application/dicom\r\n\r\nxx\r\n--limit--\r\n", {
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=limit', **DICOM_JSON})


def Browse(session):
    for path in ("/system", "/statistics", "/patients?expand", "/studies?expand", "/series?expand", "/instances?expand",
                 "/modalities?expand", "/studies?since=1&limit=1", "/dicom-web/info", "/tools", "/nothing", "/studies/nothing"):
        session.Ask("browse", "GET", path)
    for study in sorted(session.orthanc.Get("/studies")):
        for path in ("", "/series", "/instances-tags?simplify", "/statistics", "/shared-tags?simplify", "/archive", "/metadata?expand"):
            session.Ask("study", "GET", f"/studies/{study}{path}")
    for instance in sorted(session.orthanc.Get("/instances"))[:4]:
        for path in ("", "/file", "/tags", "/simplified-tags", "/header", "/preview", "/frames/0/raw", "/content/0008-0060", "/attachments",
                     "/attachments/dicom/md5", "/metadata?expand"):
            session.Ask("instance", "GET", f"/instances/{instance}{path}")
    changes = session.orthanc.Get("/changes?limit=1000")["Changes"]
    session.Note("changes", [f"{change['ChangeType']} {change['Path']}" for change in changes
                             if not change["ChangeType"].startswith("Stable")])  # those come when they come
    for query in ({"Level": "Study", "Query": {"Modality": "CT"}, "Expand": True}, {"Level": "Series", "Query": {"Modality": "*R"}},
                  {"Level": "Patient", "Query": {"PatientID": "AXIAL*"}}, {"Level": "Nothing", "Query": {}}):
        session.Ask("find", "POST", "/tools/find", json.dumps(query).encode())
    for study in session.studies:
        session.Ask("lookup", "POST", "/tools/lookup", study.study_uid.encode())


def QueryRetrieve(session):
    ct, dx, _ = session.studies
    to = ("-aec", "ORTHANC", "127.0.0.1", session.orthanc.dicom_port)
    for level, keys in (("PATIENT", ("PatientID", "PatientName=Phantom*")), ("STUDY", ("StudyInstanceUID", "ModalitiesInStudy=CT", "StudyDate")),
                        ("STUDY", ("StudyInstanceUID=1.2.3",)), ("SERIES", (f"StudyInstanceUID={ct.study_uid}", "SeriesInstanceUID", "Modality")),
                        ("IMAGE", (f"StudyInstanceUID={dx.study_uid}", "SOPInstanceUID", "SeriesInstanceUID"))):
        model = "-P" if level == "PATIENT" else "-S"
        found = session.folder / f"find-{len(session.answers)}"
        found.mkdir()
        session.Run("C-FIND", "findscu", model, "-X", "-od", found, "-k", f"QueryRetrieveLevel={level}",
                    *[part for key in keys for part in ("-k", key)], *to)
        session.Note("C-FIND responses", sorted("\n".join(str(element) for element in pydicom.dcmread(file)) for file in found.glob("*.dcm")))
    for name, keys in (("C-MOVE", (f"StudyInstanceUID={ct.study_uid}",)), ("C-MOVE of nothing", ("StudyInstanceUID=1.2.3",))):
        session.Run(name, "movescu", "-v", "-S", "-aem", "TARGET", "-k", "QueryRetrieveLevel=STUDY", "-k", keys[0], *to)
    session.Run("C-MOVE to a stranger", "movescu", "-S", "-aem", "STRANGER", "-k", "QueryRetrieveLevel=STUDY", "-k",
                f"StudyInstanceUID={ct.study_uid}", *to)
    arrived = {}
    for file in (session.folder / "moved").iterdir():
        dataset = pydicom.dcmread(file)
        arrived[str(dataset.SOPInstanceUID)] = Digest(dataset.PixelData)
    Check(len(arrived) == len(ct.files), f"C-MOVE brought {len(arrived)} of {len(ct.files)} instances")
    session.Note("what C-MOVE brought", arrived)
    session.Ask("REST C-STORE", "POST", "/modalities/target/store", session.orthanc.FindStudy(dx.study_uid).encode())
    session.Ask("REST C-ECHO", "POST", "/modalities/target/echo", b"{}")


def Dicomweb(session):
    ct, dx, mr = (study.study_uid for study in session.studies)
    for path in ("/studies", f"/studies?StudyInstanceUID={ct}", "/studies?ModalitiesInStudy=MR&includefield=all", "/studies?PatientID=nobody",
                 f"/studies/{mr}/series", f"/studies/{ct}/instances?limit=3", "/instances?Modality=DX", f"/studies/{dx}/metadata"):
        session.Ask("QIDO", "GET", "/dicom-web" + path, headers=DICOM_JSON)
    study = session.orthanc.Get(f"/studies/{session.orthanc.FindStudy(dx)}")
    series = session.orthanc.Get(f"/series/{study['Series'][0]}")
    image = session.orthanc.Get(f"/instances/{series['Instances'][0]}")
    path = (f"/dicom-web/studies/{dx}/series/{series['MainDicomTags']['SeriesInstanceUID']}/instances/"
            f"{image['MainDicomTags']['SOPInstanceUID']}")
    for where in (f"/dicom-web/studies/{mr}", path):
        session.Ask("WADO", "GET", where, headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'})
    session.Ask("WADO frames", "GET", path + "/frames/1", headers={"Accept": "multipart/related; type=application/octet-stream"})
    session.Ask("WADO rendered", "GET", path + "/rendered", headers={"Accept": "image/png"})
    session.Ask("WADO of nothing", "GET", "/dicom-web/studies/1.2.3")
    session.Ask("WADO-URI", "GET", "/wado?requestType=WADO&contentType=application/dicom&objectUID=" + image["MainDicomTags"]["SOPInstanceUID"])


def Change(session):
    ct, dx, mr = (session.orthanc.FindStudy(study.study_uid) for study in session.studies)
    order = {"Replace": {"PatientName": "Changed^Name", "PatientID": "CHANGED"}, "Keep": ["StudyInstanceUID", "SeriesInstanceUID",
             "SOPInstanceUID"], "Force": True}
    patient = session.orthanc.Get(f"/studies/{dx}")["ParentPatient"]
    changed = json.loads(session.Ask("modify", "POST", f"/patients/{patient}/modify", json.dumps(order).encode()))
    session.Ask("what was modified", "GET", f"/patients/{changed['ID']}/instances-tags?simplify")
    for name, wrong in (("garbage", b"{"), ("a UID that may not change", b'{"Replace": {"StudyInstanceUID": "1.2"}}')):
        session.Ask(f"modify with {name}", "POST", f"/studies/{dx}/modify", wrong)
    anonymous = json.loads(session.orthanc.Ask("POST", f"/studies/{mr}/anonymize", b"{}", seconds=60)[2])
    tags = session.orthanc.Get(f"/studies/{anonymous['ID']}/instances-tags?simplify")
    session.Note("anonymize", sorted(json.dumps({name: value for name, value in one.items() if not name.endswith("UID") and
                 "Patient" not in name and "Sequence" not in name}, sort_keys=True) for one in tags.values()))
    session.Note("delete the anonymous study", session.orthanc.Ask("DELETE", f"/studies/{anonymous['ID']}")[0])
    session.Ask("put metadata", "PUT", f"/studies/{ct}/metadata/1024", b"written")
    session.Ask("get metadata", "GET", f"/studies/{ct}/metadata/1024")
    instance = sorted(session.orthanc.Get(f"/studies/{ct}/instances"), key=lambda one: one["ID"])[0]["ID"]
    session.Ask("delete an instance", "DELETE", f"/instances/{instance}")
    session.Ask("delete it again", "DELETE", f"/instances/{instance}")
    session.Ask("delete a study", "DELETE", f"/studies/{ct}")
    session.Ask("what is left", "GET", "/instances?expand")
    session.Ask("what is left", "GET", "/statistics")


def Play(workspace, orthanc, folder, studies):
    session = Session(orthanc, folder, studies)
    session.target_port = harness.FreePort()
    orthanc.own_settings["DicomModalities"] = {"target": ["TARGET", "127.0.0.1", session.target_port]}
    (folder / "moved").mkdir()
    target = workspace.Own(harness.Process("storescp", ["storescp", "-od", folder / "moved", session.target_port], folder / "storescp.log",
                                           {"TCP_NODELAY": "1"}))
    WaitFor("storescp to listen", lambda: harness.TcpAnswers(session.target_port), 30, [target])
    orthanc.Start()
    for scenario in (Upload, Browse, QueryRetrieve, Dicomweb, Change):
        scenario(session)
    orthanc.process.CheckAlive()
    return session


def Differences(plain, other):
    if len(plain) != len(other):
        yield f"{len(plain)} answers without the plugin, {len(other)} with it"
    for (name, one), (_, two) in zip(plain, other):
        if one != two:
            lines = [f"  - {a}\n  + {b}" for a, b in zip(one.splitlines(), two.splitlines()) if a != b][:4]
            yield f"{name}:\n" + "\n".join(lines or [f"  {len(one)} and {len(two)} characters"])


def Body(workspace, binaries):
    folder = workspace.folder
    studies = [nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "51", "--rows", "64", "--columns", "64", "--slices", "8"),
               nodes.Phantom(binaries, folder / "dx", "dx", "--seed", "52", "--rows", "128", "--columns", "96"),
               nodes.Phantom(binaries, folder / "mr", "mr", "--seed", "53", "--rows", "64", "--columns", "64", "--slices", "5",
                               "--transfer-syntax", "jpeg-ls")]
    plain = workspace.Own(orthanc_host.AskedOrthanc(folder / "plain", own_settings=dict(SETTINGS)))
    without = Play(workspace, plain, folder / "without", studies)
    plain.Stop()
    orthanc = workspace.Own(orthanc_host.OrthancWithAxial(folder / "axial", binaries, (NO_RULE,), settings=dict(SETTINGS)))
    beside = Play(workspace, orthanc, folder / "with", studies)
    Check(orthanc.Get("/axial/healthz")["status"] == "ok", "the plugin does not run: nothing is compared")
    WaitFor("the plugin to have judged the radiograph",
            lambda: any(not verdict["matched"] for verdict in nodes.Verdicts(orthanc.Study(studies[1].study_uid))), 120,
            [orthanc.process])
    problems = list(Differences(without.answers, beside.answers))
    good = sum('"status": 200' in answer for _, answer in without.answers)
    Check(good > 80, f"only {good} requests succeeded without the plugin: too little is compared")
    print(f"{len(without.answers)} answers compared, {len(problems)} differ")
    Check(not problems, "with the plugin Orthanc answers otherwise (-: without, +: with):\n" + "\n".join(problems))
    # The comparison sees what it is for: one more instance in one of the two.
    extra = nodes.Phantom(binaries, folder / "extra", "dx", "--seed", "54", "--rows", "64", "--columns", "64")
    orthanc.Ask("POST", "/instances", extra.files[0].read_bytes())
    beside.answers.clear()
    beside.Ask("what is left", "GET", "/instances?expand")
    Check(list(Differences([answer for answer in without.answers if answer[0] == "what is left"][:1], beside.answers)),
          "a further instance makes no difference: the comparison is blind")


harness.RunTest(Body)
