"""A result that its own check refuses is kept, shown with its reason, and never sent; a person's retry sends the right one.

The worker is the shipped one but that its writers make a mistake (axial-spoiling-worker): one wrong pixel in the
Segmentation of a CT, another study's UID in the report of a radiograph. Everything behind it is real, the PACS included.
"""

import pathlib
import shutil

import pydicom

import harness
import nodes
import results
from harness import Check, HttpGet, HttpGetJson


WRONG_MASK = "segment 1 on source frame 1 is not the mask of the findings"


def Install(folder, binaries, worker):
    """`axial` beside the worker that it will start."""
    folder.mkdir(exist_ok=True)
    if not (folder / "axial").exists():
        shutil.copy2(binaries / "axial", folder / "axial")
    shutil.copy2(binaries / worker, folder / "new-worker")
    (folder / "new-worker").rename(folder / "axial-worker")
    return folder


def CheckShown(gateway, job, name, reason, file):
    """Where people look: the job, its error (of the newest), the list."""
    error = nodes.ErrorOf(job)
    Check(error.startswith("corrupt: ") and reason in error, f"the job's error: {error}")
    Check(job["quarantined"][0] != name or error.endswith(f"quarantine/{name}"), f"{name} is not in the job's error: {error}")
    Check(name in job["quarantined"], f"the job names {job['quarantined']}, not {name}")
    entry, = (entry for entry in HttpGetJson(gateway.url + "/api/quarantine")["quarantine"] if entry["name"] == name)
    Check(entry["job_id"] == job["id"] and entry["study_uid"] == job["study_uid"], f"of another job: {entry}")
    Check(reason in entry["reason"], f"'{reason}' is not the reason: {entry['reason']}")
    Check([each["name"] for each in entry["files"]] == [file], f"not {file}: {entry['files']}")
    path = pathlib.Path(entry["folder"]) / file
    Check(path.stat().st_size == entry["files"][0]["bytes"], f"{path} is not there, or not whole")
    print(f"job {job['id']}: {error}")
    return path


def CheckAlarm(gateway, count):
    health = gateway.Health()
    Check(health["status"] == "degraded" and health["http_status"] == 200, f"/healthz: {health}")
    Check(any(reason.startswith("quarantine: ") for reason in health["reasons"]), f"no alarm: {health['reasons']}")
    metrics = HttpGet(gateway.url + "/metrics").decode()
    Check(f"axial_dispatch_quarantined_total {count}\n" in metrics, f"the metric does not count {count}")
    log = (gateway.folder / "axial.log").read_text(errors="replace")
    Check(log.count(" result_quarantined ") == count, "the log does not tell of each")


def CheckNothingSent(gateway, orthanc, phantoms):
    for phantom in phantoms:
        Check(not gateway.Study(phantom.study_uid)["deliveries"], "something is owed to the PACS")
        Check(not orthanc.FindStudy(phantom.study_uid), "something of the study is in the PACS")
    Check(orthanc.Get("/instances") == [], "there is something in the PACS")


def Body(workspace, binaries):
    folder = workspace.folder
    programs = Install(folder / "bin", binaries, "axial-spoiling-worker")
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", programs, orthanc, results={"failures": "none"}))
    gateway.Start()
    ct = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "51", "--slices", "40", "--slice-spacing", "5",
                         "--slice-thickness", "5")
    dx = nodes.Phantom(binaries, folder / "dx", "dx", "--seed", "52")
    wrong = {}
    for phantom, file, reason in ((ct, "seg.dcm.refused", WRONG_MASK), (dx, "sr.dcm.refused", "StudyInstanceUID")):
        nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
        job, = gateway.WaitForJobs(phantom.study_uid, "failed")
        wrong[phantom.study_uid] = CheckShown(gateway, job, f"{job['id']}-1", reason, file)
    CheckAlarm(gateway, 2)
    CheckNothingSent(gateway, orthanc, (ct, dx))

    # Still broken: refused again, beside the first.
    job, = gateway.WaitForJobs(ct.study_uid, "failed")
    finished = job["finished_at"]
    gateway.Act("POST", f"/api/jobs/{job['id']}/retry", 202)
    harness.WaitFor("the job to fail again",
                    lambda: gateway.Study(ct.study_uid)["jobs"][0]["finished_at"] not in (None, finished), 300,
                    [gateway.process])
    job, = gateway.WaitForJobs(ct.study_uid, "failed")
    CheckShown(gateway, job, f"{job['id']}-1-2", WRONG_MASK, "seg.dcm.refused")
    CheckShown(gateway, job, f"{job['id']}-1", WRONG_MASK, "seg.dcm.refused")
    CheckAlarm(gateway, 3)
    CheckNothingSent(gateway, orthanc, (ct, dx))

    # Mended: the retry sends what is right; what was refused stays where it is until a person removes it.
    gateway.Stop()
    Install(programs, binaries, "axial-worker")
    gateway.Start()
    for phantom in (ct, dx):
        job, = gateway.WaitForJobs(phantom.study_uid, "failed")
        gateway.Act("POST", f"/api/jobs/{job['id']}/retry", 202)
        gateway.WaitForJobs(phantom.study_uid, "delivered")
    (_, seg), = results.Fetch(orthanc, ct.study_uid, "SEG", folder)
    refused = pydicom.dcmread(wrong[ct.study_uid], force=True)
    Check(refused.SOPInstanceUID == seg.SOPInstanceUID and refused.PixelData != seg.PixelData,
          "the Segmentation in the PACS is the refused one")
    Check(len(results.Fetch(orthanc, ct.study_uid, "SR", folder)) == 1, "no report of the CT")
    (_, report), = results.Fetch(orthanc, dx.study_uid, "SR", folder)
    Check(report.StudyInstanceUID == dx.study_uid, "the report is of another study")
    Check(not orthanc.FindStudy("2.25.404"), "the wrong study is in the PACS")
    left = HttpGetJson(gateway.url + "/api/quarantine")["quarantine"]
    Check(len(left) == 3, f"{len(left)} refused results are kept, not 3")
    for entry in left:
        gateway.Act("DELETE", f"/api/quarantine/{entry['name']}", 200)
        Check(not pathlib.Path(entry["folder"]).exists(), f"{entry['folder']} is still there")
    Check(gateway.Health()["status"] == "ok", f"still an alarm: {gateway.Health()}")


harness.RunTest(Body)
