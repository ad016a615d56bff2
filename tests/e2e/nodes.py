"""The nodes of the demo and the end-to-end tests, real processes: Orthanc, the OHIF viewer, the gateway, and a modality."""

import json
import os
import pathlib
import re
import subprocess
import time

from harness import (Check, Failure, FreePort, HttpAnswers, HttpGet, HttpGetJson, HttpStatusAndBody, MissingPeers, PEERS,
                     Process, ROOT, TcpAnswers, WaitFor)

ORTHANC_PROGRAM = "/usr/sbin/Orthanc"
ORTHANC_PLUGINS = pathlib.Path("/usr/share/orthanc/plugins")

SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
COMPREHENSIVE_3D_SR_CLASS = "1.2.840.10008.5.1.4.1.1.88.34"


class Orthanc:
    """Debian's Orthanc as the PACS: SQLite index, DICOMweb and the viewer, in a folder of its own."""

    ae_title = "ORTHANC"

    def __init__(self, folder, survives_us=False, own_plugins=(), own_settings=None):
        if not os.access(ORTHANC_PROGRAM, os.X_OK):
            raise Failure(f"{ORTHANC_PROGRAM} is missing; scripts/dependencies installs it")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.http_port = FreePort()
        self.dicom_port = FreePort()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self._survives_us = survives_us
        self._own_plugins = [str(plugin) for plugin in own_plugins]
        self.own_settings = own_settings or {}
        self.process = None

    def Start(self, environment=None):
        plugins = self._own_plugins + [str(ORTHANC_PLUGINS / name) for name in ("libOrthancDicomWeb.so", "libOrthancWebViewer.so")
                   if (ORTHANC_PLUGINS / name).exists()]
        config = self.folder / "orthanc.json"
        config.write_text(json.dumps({
            "Name": "PACS of the Axial demo",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "DicomAet": self.ae_title,
            "DicomAlwaysAllowStore": True,
            "UnknownSopClassAccepted": True,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StableAge": 1,
            "Plugins": plugins,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "WebViewer": {"CachePath": str(self.folder / "viewer-cache")},
            **self.own_settings,
        }, indent=2))
        self.process = Process("Orthanc", [ORTHANC_PROGRAM, config], self.folder / "orthanc.log",
                               {"TCP_NODELAY": "1", **(environment or {})}, self._survives_us)
        WaitFor("Orthanc to answer", self.Ready, 60, [self.process])

    def Ready(self):
        return HttpGet(self.url + "/system")

    def Stop(self):
        if self.process:
            self.process.Stop()

    def Get(self, path):
        return HttpGetJson(self.url + path)

    def FindStudy(self, study_uid):
        """Orthanc's own id of the study, or None."""
        for study in self.Get("/studies?expand") or []:
            if study["MainDicomTags"].get("StudyInstanceUID") == study_uid:
                return study["ID"]
        return None

    def InstancesOf(self, study_uid, modality):
        """[(Orthanc id of the instance, the series' tags)] of the study's series of this modality."""
        study = self.FindStudy(study_uid)
        if not study:
            return []
        found = []
        for series in self.Get(f"/studies/{study}/series") or []:
            if series["MainDicomTags"].get("Modality") == modality:
                found += [(instance, series["MainDicomTags"]) for instance in series["Instances"]]
        return found

    def Fetch(self, study_uid, folder):
        """{SOP Instance UID: file} of the study's objects, as Orthanc stored them."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        found = {}
        for instance in self.Get(f"/studies/{self.FindStudy(study_uid)}/instances") or []:
            uid = instance["MainDicomTags"]["SOPInstanceUID"]
            found[uid] = self.Download(instance["ID"], folder / f"{uid}.dcm")
        return found

    def Download(self, instance, path):
        body = HttpGet(f"{self.url}/instances/{instance}/file", 60)
        Check(body is not None, f"Orthanc did not give instance {instance}")
        pathlib.Path(path).write_bytes(body)
        return pathlib.Path(path)


def MissingViewer():
    """Why the OHIF viewer cannot be driven here, or ''."""
    return MissingPeers(("ohif", "node"), ("node", "chromium"))


class Viewer:
    """The OHIF viewer on a port of its own, with an Orthanc as its archive."""

    def __init__(self, folder, orthanc, survives_us=False):
        self.log = pathlib.Path(folder) / "viewer.log"
        self.orthanc = orthanc
        self.port = FreePort()
        self.url = f"http://127.0.0.1:{self.port}"
        self._survives_us = survives_us
        self.process = None

    def Start(self):
        self.process = Process("the viewer's server", ["/usr/bin/python3", "-B", ROOT / "tests" / "e2e" / "viewer_server.py",
                                                       PEERS / "ohif" / "dist", self.orthanc.url, self.port],
                               self.log, None, self._survives_us)
        WaitFor("the viewer to answer", lambda: HttpGet(self.url + "/app-config.js"), 60, [self.process])

    def Stop(self):
        if self.process:
            self.process.Stop()

    def UrlOf(self, study_uid, series_uid=None):
        """The study opened, with the report in that series shown. Not for Segmentations: docs/results.md, "In the OHIF viewer"."""
        return f"{self.url}/viewer?StudyInstanceUIDs={study_uid}" + (
            f"&initialSeriesInstanceUID={series_uid}" if series_uid else "")


CT_RULE = {
    "name": "Chest CT, lungs",
    "when": {"Modality": "CT", "instances": ">= 20", "SliceThickness": "<= 5",
             "BodyPartExamined": ["CHEST", "LUNG", "THORAX"]},
    "unless": {"ImageType": {"contains": "LOCALIZER"}},
    "run": "chest-ct-lungs", "send_to": ["pacs"], "priority": "normal"}
DX_RULE = {
    "name": "Chest radiograph, view position",
    "when": {"Modality": ["DX", "CR"], "BodyPartExamined": ["CHEST", "LUNG", "THORAX"]},
    "run": "dx-position", "send_to": ["pacs"], "priority": "urgent"}
ANY_CT_RULE = {**CT_RULE, "name": "Any thin CT, lungs", "when": {"Modality": "CT", "instances": ">= 20"}}


class Gateway:
    """`axial serve` with a configuration and a storage folder of its own."""

    ae_title = "AXIAL"

    def __init__(self, folder, binaries, orthanc, rules=(CT_RULE, DX_RULE), survives_us=False,
                 reserve="64 MiB", own_session=True, results=None, destinations=None, models=ROOT / "models",
                 node=None, completion="{quiet: 5 s, after_release: 1 s, at_most: 10 min}"):
        """`orthanc`: the destination pacs, or None; `results`: what it wants; `destinations`: further ones, by name;
        `models`: their folder; `node`: further keys of that section; `completion`: None leaves it to Axial."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = pathlib.Path(binaries) / "axial"
        if not self.program.exists():
            raise Failure(f"{self.program} is missing; build first (scripts/demo without --no-build does)")
        self.dicom_port = FreePort()
        self.http_port = FreePort()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.config = self.folder / "axial.yaml"
        self._survives_us = survives_us
        self._reserve = reserve
        self._own_session = own_session
        self._models = pathlib.Path(models)
        self._completion = completion
        self._node = {"ae_title": self.ae_title, "port": self.dicom_port, "bind": "127.0.0.1", **(node or {})}
        self.process = None
        pacs = orthanc and {"kind": "dicom", "ae_title": orthanc.ae_title, "host": "127.0.0.1", "port": orthanc.dicom_port,
                            **({"results": results} if results else {})}
        self.destinations = {**({"pacs": pacs} if pacs else {}), **(destinations or {})}
        self._write_config(rules)

    def _write_config(self, rules):
        models = self._models
        rules = [rule for rule in rules if (models / rule["run"] / "model.yaml").exists()]
        Check(rules, f"none of the rules' models is in {models}")
        # Every JSON value is YAML too.
        self.config.write_text("\n".join([
            "# Written for this run. The same keys, explained: README.md and config/.",
            f"node: {json.dumps(self._node)}",
            f"storage: {{directory: {json.dumps(str(self.folder / 'storage'))}, reserve: {self._reserve}, durability: instance}}",
            *([f"completion: {self._completion}"] if self._completion else []),
            f"models: {{directory: {json.dumps(str(models))}}}",
            "workers: {processes: 1, memory: 8 GiB, deadline: 10 min}",
            "destinations:",
            *(f"  {name}: {json.dumps(destination)}" for name, destination in self.destinations.items()),
            "rules:",
            *(f"  - {json.dumps(rule)}" for rule in rules),
            f"admin: {{bind: 127.0.0.1, port: {self.http_port}}}",
        ]) + "\n")

    def Start(self, environment=None, wait=True):
        self.process = Process("axial serve", [self.program, "serve", "--config", self.config],
                               self.folder / "axial.log", environment, self._survives_us, self._own_session)
        if wait:
            WaitFor("axial to answer", self.Answers, 60, [self.process])

    def Answers(self):
        return HttpAnswers(self.url + "/healthz") and TcpAnswers(self.dicom_port)

    def Stop(self):
        if self.process:
            self.process.Stop()

    def Health(self):
        """/healthz with its `http_status`, or {} when nobody answers."""
        status, body = HttpStatusAndBody(self.url + "/healthz")
        return {**json.loads(body), "http_status": status} if status else {}

    def Study(self, study_uid):
        """What axial knows of the study (the admin interface's JSON), or None."""
        return HttpGetJson(f"{self.url}/api/studies/{study_uid}", 5)

    def WaitForJobs(self, study_uid, state, count=1, seconds=300):
        """The study's jobs, newest last, once `count` of them are in `state` and no other is there."""
        def Jobs():
            return sorted((self.Study(study_uid) or {}).get("jobs", []), key=lambda job: job["id"])
        WaitFor(f"{count} {state} jobs of study {study_uid}",
                lambda: [job["state"] for job in Jobs()] == [state] * count, seconds, [self.process],
                describe=lambda: f"its jobs: {Jobs()}")
        return Jobs()

    def Act(self, method, path, expected_status):
        """A change over the admin interface."""
        status, body = HttpStatusAndBody(self.url + path, 10, method)
        Check(status == expected_status, f"{method} {path} answered {status}: {body!r}")


def Verdicts(study):
    """Every rule's verdict on the newest revision of a Gateway.Study()."""
    revisions = (study or {}).get("revisions") or [{}]
    return revisions[-1].get("verdicts", [])


def ErrorOf(row):
    """The reason kept with a job or a delivery, or ''."""
    error = row.get("error")
    return f"{error['code']}: {error['message']}" if error else ""


class Sent:
    """What the modality saw: how many were answered Success, and when the last answer came (time.time())."""

    def __init__(self):
        self.succeeded = 0
        self.failed = 0
        self.last_response_at = None
        self.exit_code = None


def Send(folder, port, called_ae_title, log, foreign_files=()):
    """C-STOREs the folder as a modality would (storescu); dcmsend for folders of anybody's files, `foreign_files`."""
    if foreign_files:
        # Real files have UIDs that break the rules for them; a modality would send them all the same.
        command = ["dcmsend", "-v", "+sd", "+r", "--no-halt", "--no-uid-checks"]
    else:
        command = ["storescu", "-v", "+sd", "+sp", "*.dcm", "+r", "-xs"]
    command += ["-aet", "MODALITY", "-aec", called_ae_title, "127.0.0.1", str(port),
                *(str(each) for each in foreign_files or [folder])]
    sent = Sent()
    with open(log, "ab") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 env={**os.environ, "TCP_NODELAY": "1"}, bufsize=0, preexec_fn=Process._die_with_parent)
        for line in iter(child.stdout.readline, b""):
            out.write(line)
            answer = re.search(rb"Received (?:C-STORE|Store) Response \((.*)\)", line)
            if answer:
                sent.last_response_at = time.time()
                if answer.group(1).startswith(b"Success"):
                    sent.succeeded += 1
                else:
                    sent.failed += 1
        sent.exit_code = child.wait()
    return sent


def SendAll(folder, node, log, expected=None, foreign_files=()):
    """As Send(), and it must succeed."""
    sent = Send(folder, node.dicom_port, node.ae_title, log, foreign_files)
    if sent.exit_code != 0 or sent.failed or not sent.succeeded or (expected and sent.succeeded != expected):
        lines = pathlib.Path(log).read_text(errors="replace").splitlines()[-10:]
        raise Failure(f"sending {folder} to {node.ae_title} failed: {sent.succeeded} stored, {sent.failed} refused, "
                      f"exit code {sent.exit_code}\n" + "\n".join("  | " + line for line in lines) + f"\n  log: {log}" +
                      f"\nlast log lines of {node.process.name} ({node.process.log}):\n{node.process.Tail(6)}")
    return sent


class Phantom:
    """A study from axial-phantom with known truth."""

    def __init__(self, binaries, folder, kind, *options):
        program = pathlib.Path(binaries) / "axial-phantom"
        if not program.exists():
            raise Failure(f"{program} is missing; build first")
        self.folder = pathlib.Path(folder)
        made = subprocess.run([str(program), "dicom", "--kind", kind, "--out", str(self.folder), *options],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Failure(f"axial-phantom failed: {made.stderr or made.stdout}")
        self.truth = json.loads((self.folder / "truth.json").read_text())
        self.study_uid = self.truth["study_instance_uid"]
        self.files = [self.folder / name for name in self.truth["files"]]
