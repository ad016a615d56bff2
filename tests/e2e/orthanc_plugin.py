"""Axial inside Orthanc, installed by one library and one configuration section: a radiograph gets its results into the same study, once.

`results`: as `results` wants them, and never analysed again, re-sent or not. `copies`: what Orthanc makes by anonymising is a new
study, our own result in it is not, and "ModifiedCopies": "ignore" leaves it alone. `deleted`: a deleted study's jobs are
cancelled and its rows and files gone; one whose patient was corrected is a new one. `compressed`: Orthanc compresses its files.
`broken`: a wrong configuration leaves Orthanc running and says in its log what is wrong, and in which line.
"""

import contextlib
import json
import shutil
import sqlite3
import sys

import pydicom

import harness
import nodes
import plugin_host
import results
from harness import Check, WaitFor


PROFILE = {"report": "enhanced", "also": ["secondary_capture", "pdf"], "banner": "Plugin test, not for diagnosis"}
ENHANCED_SR_CLASS = "1.2.840.10008.5.1.4.1.1.88.22"
SECONDARY_CAPTURE_CLASS = "1.2.840.10008.5.1.4.1.1.7"
ENCAPSULATED_PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"


def CheckProfile(orthanc, radiograph, folder):
    """What came back is what the destination's `results` ask for, and nothing else."""
    for modality, sop_class in (("SR", ENHANCED_SR_CLASS), ("OT", SECONDARY_CAPTURE_CLASS), ("DOC", ENCAPSULATED_PDF_CLASS)):
        found = results.Fetch(orthanc, radiograph.study_uid, modality, folder)
        Check([dataset.SOPClassUID for _, dataset in found] == [sop_class],
              f"{modality}: {[dataset.SOPClassUID for _, dataset in found]} instead of one {sop_class}")
        Check(results.MadeByAxial(found[0][1]), f"{modality}: Contributing Equipment does not name Axial")
    count = len(radiograph.files) + 3
    Check(len(orthanc.Get("/instances")) == count, f"{len(orthanc.Get('/instances'))} Instances instead of {count}")


def StableWithAll(orthanc, study):
    """Orthanc said that the study is stable after it had stored the last Instance that it has."""
    changes = orthanc.Get("/changes?limit=1000")["Changes"]
    last = max(change["Seq"] for change in changes if change["ChangeType"] == "NewInstance")
    return any(change["ChangeType"] == "StableStudy" and change["ID"] == study and change["Seq"] > last for change in changes)


def Radiograph(workspace, binaries, host, seed):
    """One that is in Orthanc, and its result, too."""
    radiograph = nodes.Phantom(binaries, workspace.folder / f"dx{seed}", "dx", "--seed", str(seed))
    nodes.SendAll(radiograph.folder, host.orthanc, workspace.folder / "send.log", len(radiograph.files))
    host.WaitForResult(radiograph.study_uid)
    WaitFor("the job to be delivered", lambda: host.Jobs(radiograph.study_uid) == ["delivered"], 120, [host.process])
    return radiograph


def CheckLinked(host, study_uid):
    """The pixels lie on the disk once: Axial's file is Orthanc's."""
    for (path,) in host.Rows("SELECT path FROM instance WHERE study_uid = ?", study_uid):
        links = plugin_host.pathlib.Path(path).stat().st_nlink
        Check(links == 2, f"{path} has {links} names: it was copied")


def Results(workspace, binaries):
    host = plugin_host.PluginHost(workspace, "host", binaries, destinations={"here": {"kind": "orthanc", "results": PROFILE}}).Start()
    radiograph = Radiograph(workspace, binaries, host, 31)
    study = host.orthanc.FindStudy(radiograph.study_uid)
    for modality in ("OT", "DOC"):
        host.WaitForResult(radiograph.study_uid, modality)
    WaitFor("the study to become stable with our own results in it",
            lambda: StableWithAll(host.orthanc, study), 60, [host.process])
    CheckProfile(host.orthanc, radiograph, workspace.folder)
    CheckLinked(host, radiograph.study_uid)
    nodes.SendAll(radiograph.folder, host.orthanc, workspace.folder / "send.log")  # again
    host.WaitUntilHandled()
    Check(host.Rows("SELECT count(*) FROM study_revision") == [(1,)], "another revision was opened")
    sender = host.Rows("SELECT calling_ae_title, called_ae_title FROM series")
    Check(sender == [("STORESCU", "ORTHANC")] or sender == [("MODALITY", "ORTHANC")], f"who sent it: {sender}")
    host.Stop()  # ends after what is in progress
    jobs = host.Rows("SELECT state FROM job")
    Check(jobs == [("delivered",)], f"our own result was analysed again: {jobs}")


def Anonymised(host, study):
    answer = harness.HttpPostJson(f"{host.orthanc.url}/studies/{study}/anonymize", {"Keep": ["SeriesDescription", "BodyPartExamined"]}, 60)
    return host.orthanc.Get(f"/studies/{answer['ID']}")["MainDicomTags"]["StudyInstanceUID"]


def Copies(workspace, binaries):
    host = plugin_host.PluginHost(workspace, "host", binaries).Start()
    radiograph = Radiograph(workspace, binaries, host, 32)
    copy = Anonymised(host, host.orthanc.FindStudy(radiograph.study_uid))
    WaitFor("the copy's own result", lambda: host.Jobs(copy) == ["delivered"], 240, [host.process],
            describe=lambda: f"jobs: {host.Rows('SELECT study_uid, state FROM job')}")
    host.WaitUntilHandled()
    reports = host.orthanc.InstancesOf(copy, "SR")
    Check(len(reports) == 2, f"{len(reports)} reports in the copy instead of the copied and its own")
    left_alone = host.Rows("SELECT count(*) FROM host_instance WHERE study_uid = ? AND ours = 1", copy)
    WaitFor("both reports to be known as ours",
            lambda: host.Rows("SELECT count(*) FROM host_instance WHERE study_uid = ? AND ours = 1", copy) == [(2,)], 30, [host.process],
            describe=lambda: f"{left_alone}")
    Check(host.Rows("SELECT count(*) FROM instance WHERE study_uid = ?", copy) == [(len(radiograph.files),)], "a report became an input")
    host.Stop()

    host = plugin_host.PluginHost(workspace, "ignoring", binaries, section={"ModifiedCopies": "ignore"}).Start()
    radiograph = Radiograph(workspace, binaries, host, 33)
    copy = Anonymised(host, host.orthanc.FindStudy(radiograph.study_uid))
    host.WaitUntilHandled()
    Check(host.Rows("SELECT study_uid FROM study") == [(radiograph.study_uid,)], "the copy was taken in")
    host.Stop()


def CheckNothingLeft(host, study_uid):
    for table in ("study", "study_revision", "series", "instance", "job", "artifact", "event", "host_study", "host_instance"):
        Check(host.Rows(f"SELECT count(*) FROM {table} WHERE study_uid = ?", study_uid) == [(0,)], f"rows are left in {table}")
    Check(not (host.storage / "spool" / study_uid).exists(), "files are left in the spool")
    Check(not list((host.storage / "results").glob("[0-9]*")), "result files are left")


def Deleted(workspace, binaries):
    """One whose job waits for a destination that is away, and one whose result arrived."""
    nobody = {"kind": "dicom", "ae_title": "NOBODY", "host": "127.0.0.1", "port": harness.FreePort()}
    rule = {**plugin_host.DX_RULE, "send_to": ["here", "away"]}
    host = plugin_host.PluginHost(workspace, "host", binaries, rules=[rule], destinations={"away": nobody}).Start()
    radiograph = nodes.Phantom(binaries, workspace.folder / "dx", "dx", "--seed", "34")
    nodes.SendAll(radiograph.folder, host.orthanc, workspace.folder / "send.log", len(radiograph.files))
    host.WaitForResult(radiograph.study_uid)
    Check(host.Jobs() == ["produced"], f"jobs: {host.Jobs()}")
    harness.HttpStatusAndBody(f"{host.orthanc.url}/studies/{host.orthanc.FindStudy(radiograph.study_uid)}", method="DELETE")
    WaitFor("the study's rows to be removed", lambda: host.Rows("SELECT count(*) FROM study") == [(0,)], 60, [host.process])
    WaitFor("Orthanc's ids to be forgotten", lambda: host.Rows("SELECT count(*) FROM host_study") == [(0,)], 60, [host.process])
    CheckNothingLeft(host, radiograph.study_uid)
    # Deleted while the plugin was not there to see it.
    again = Radiograph(workspace, binaries, plugin_host_without_away(host), 35)
    host.Kill()
    without = workspace.Own(nodes.Orthanc(host.orthanc.folder))
    without.Start()
    harness.HttpStatusAndBody(f"{without.url}/studies/{without.FindStudy(again.study_uid)}", method="DELETE")
    without.Stop()
    host.Start()
    WaitFor("the study's rows to be removed", lambda: host.Rows("SELECT count(*) FROM host_study") == [(0,)], 60, [host.process])
    CheckNothingLeft(host, again.study_uid)
    Corrected(workspace, binaries, host)
    CannotBeRemoved(workspace, binaries, host)
    host.Stop()


def CannotBeRemoved(workspace, binaries, host):
    """One study that cannot be removed holds up nothing that comes in, and goes when it can."""
    stuck = Radiograph(workspace, binaries, host, 38)
    index = host.storage / "axial.db"
    with contextlib.closing(sqlite3.connect(index, isolation_level=None, timeout=30)) as rows:
        rows.execute(f"CREATE TRIGGER keep BEFORE DELETE ON study WHEN OLD.study_uid = '{stuck.study_uid}' "
                     "BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
        harness.HttpStatusAndBody(f"{host.orthanc.url}/studies/{host.orthanc.FindStudy(stuck.study_uid)}", method="DELETE")
        WaitFor("the removal to fail", lambda: "on purpose" in host.Log(), 60, [host.process])
        Radiograph(workspace, binaries, host, 39)
        rows.execute("DROP TRIGGER keep")
    WaitFor("the study to go", lambda: not host.Rows("SELECT 1 FROM study WHERE study_uid = ?", stuck.study_uid), 60, [host.process])


def Corrected(workspace, binaries, host):
    """The patient of a study is another one: Orthanc stores it anew under the same UIDs, and the old one is deleted."""
    radiograph = Radiograph(workspace, binaries, host, 37)
    study = host.orthanc.FindStudy(radiograph.study_uid)
    patient = host.orthanc.Get(f"/studies/{study}")["ParentPatient"]
    harness.HttpPostJson(f"{host.orthanc.url}/patients/{patient}/modify", {
        "Replace": {"PatientID": "CORRECTED"}, "Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"], "Force": True}, 60)
    WaitFor("the two patients to be seen", lambda: host.Rows("SELECT 1 FROM study WHERE patient_conflict <> ''"), 60, [host.process])
    harness.HttpStatusAndBody(f"{host.orthanc.url}/patients/{patient}", method="DELETE")
    WaitFor("the study to be of one patient", lambda: host.Rows("SELECT patient_conflict FROM study") == [("",)], 60, [host.process])
    WaitFor("its own job", lambda: host.Jobs() == ["delivered"], 120, [host.process], describe=lambda: f"jobs: {host.Rows('SELECT * FROM job')}")
    (path,), = host.Rows("SELECT path FROM instance")
    Check(str(pydicom.dcmread(path, stop_before_pixels=True).PatientID) == "CORRECTED", "the old patient's image was analysed")


def plugin_host_without_away(host):
    host.Stop()
    host.section["rules"][0]["send_to"] = ["here"]
    return host.Start()


def Compressed(workspace, binaries):
    host = plugin_host.PluginHost(workspace, "host", binaries, settings={"StorageCompression": True}).Start()
    radiograph = Radiograph(workspace, binaries, host, 36)
    sent = {image.SOPInstanceUID: image for image in map(pydicom.dcmread, radiograph.files)}
    taken = [pydicom.dcmread(path) for (path,) in host.Rows("SELECT path FROM instance")]
    Check(len(taken) == len(sent) and all(image == sent[image.SOPInstanceUID] for image in taken), "the images are not those that were sent")
    host.Stop()


def Broken(workspace, binaries):
    host = plugin_host.PluginHost(workspace, "host", binaries, section={"workers": {"proceses": 1}}).Start()
    line = next(number for number, text in enumerate((host.orthanc.folder / "orthanc.json").read_text().splitlines(), 1)
                if "proceses" in text)
    log = host.Log()
    for part in ("plugin_not_started", f"orthanc.json:{line}: ", "proceses", "processes"):
        Check(part in log, f"the log does not say {part}:\n{log}")
    Check(not host.storage.exists(), "it did something with a wrong configuration")
    host.Stop()

    folder = workspace.folder / "text"
    orthanc = workspace.Own(nodes.Orthanc(folder, own_plugins=[binaries / "libAxialOrthanc.so"], own_settings={"Axial": "axial.yaml"}))
    orthanc.Start()
    status, body = harness.HttpStatusAndBody(orthanc.url + "/axial/healthz")
    Check(status == 503 and b"holds no keys" in body and b"Configuration" in body, f"{status}: {body!r}")
    orthanc.Stop()

    folder = workspace.folder / "file"
    orthanc = workspace.Own(nodes.Orthanc(folder, own_plugins=[binaries / "libAxialOrthanc.so"],
                                            own_settings={"Axial": {"Configuration": str(folder / "absent.yaml")}}))
    orthanc.Start()
    log = (folder / "orthanc.log").read_text(errors="replace")
    Check("plugin_not_started" in log and "absent.yaml" in log, f"the log does not say what is wrong:\n{log}")
    orthanc.Stop()
    FromFolder(workspace, host)
    WorkerBeside(workspace, binaries, host.section)


def FromFolder(workspace, host):
    """As Debian configures Orthanc: a folder of files, named with and without a slash at the end. Names are relative to it."""
    settings = json.loads((host.orthanc.folder / "orthanc.json").read_text())
    section = settings.pop("Axial")
    good = {**section, "workers": {"processes": 1}}
    for name, slash, keys, status, says in (("plain", "", {"Configuration": "axial.yaml"}, 200, ""), ("slash", "/", {"Configuration": "axial.yaml"}, 200, ""),
                                            ("wrong", "", section, 503, "wrong/axial.json:")):
        folder = workspace.folder / name
        folder.mkdir()
        (folder / "orthanc.json").write_text(json.dumps(settings))
        (folder / "axial.json").write_text(json.dumps({"Axial": keys}, indent=2))
        (folder / "axial.yaml").write_text(json.dumps({**good, "storage": {**good["storage"], "directory": str(folder / "axial")}}))
        process = workspace.Own(harness.Process("Orthanc", [nodes.ORTHANC_PROGRAM, str(folder) + slash], workspace.folder / f"{name}.log"))
        WaitFor("Orthanc to answer", lambda: harness.HttpGet(host.orthanc.url + "/system"), 60, [process])
        got, body = harness.HttpStatusAndBody(host.orthanc.url + "/axial/healthz")
        Check(got == status and says in body.decode(), f"{name}: {got}: {body!r}")
        process.Stop()


def WorkerBeside(workspace, binaries, section):
    """The library without its worker does not run, and says so; a link to the library finds it. The file named relative to orthanc.json."""
    for name, install, running in (("alone", shutil.copy, False), ("linked", lambda file, place: place.symlink_to(file), True)):
        folder = workspace.folder / name
        (folder / "plugins").mkdir(parents=True)
        library = folder / "plugins" / "libAxialOrthanc.so"
        install(binaries / "libAxialOrthanc.so", library)
        orthanc = workspace.Own(nodes.Orthanc(folder, own_plugins=[library], own_settings={"Axial": {"Configuration": "axial.yaml"}}))
        keys = {**section, "storage": {**section["storage"], "directory": str(folder / "axial")}, "workers": {"processes": 1}}
        keys["rules"] = [*keys["rules"], {"name": "Ghost", "when": {"Modality": "XX"}, "run": "no-such-model", "send_to": ["here"]}]
        (folder / "axial.yaml").write_text(json.dumps(keys))
        orthanc.Start()
        status, body = harness.HttpStatusAndBody(orthanc.url + "/axial/healthz")
        Check(status == (200 if running else 503), f"{name}: {status}: {body!r}")
        if running:
            Check(b"there is no usable model 'no-such-model'" in body, f"{name}: {body!r}")
        else:
            Check(b"axial-worker: there is no such program" in body, f"{name}: {body!r}")
            Check(not (folder / "axial").exists(), "it did something without a worker")
        orthanc.Stop()


def Body(workspace, binaries):
    {"results": Results, "copies": Copies, "deleted": Deleted, "compressed": Compressed, "broken": Broken}[sys.argv[2]](
        workspace, binaries)


harness.RunTest(Body)
