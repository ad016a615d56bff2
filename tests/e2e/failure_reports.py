"""A model that could not run is told to the PACS: one document, coded so that nobody reads it as "nothing found".

An MR that a rule sends into a model for CT, and a CT into a model whose weights are broken. A destination with
`failures: none` gets neither; one that takes no reports gets picture and page that say it. With the weights mended, a retry's result names the report that it replaces.

Second argument: a crash point; then the gateway is killed there (SIGKILL), and after a new start the report arrives, once.
"""

import shutil
import signal
import subprocess
import sys

import pydicom

import harness
import nodes
import results
from harness import Check, WaitFor

FAILED, NOT_ATTEMPTED = "111224", "111225"  # DICOM: values of Summary of Analyses
SUMMARY_OF_ANALYSES = "111065"
FIRST_RUN_LAST_NUMBER = 9020

MR_RULE = {"name": "Any MR, by mistake", "when": {"Modality": "MR"}, "run": "chest-ct-lungs", "send_to": ["pacs", "quiet", "pictures"]}
PICTURES = {"segmentation": "none", "report": "none", "also": ["secondary_capture", "pdf"]}
CT_RULE = {"name": "Any CT", "when": {"Modality": "CT"}, "run": "broken-lungs", "send_to": ["pacs", "quiet"]}


def InstallModels(folder):
    """The sample model, and a copy of it with broken weights. Returns the copy's folder."""
    shutil.copytree(harness.ROOT / "models" / "chest-ct-lungs", folder / "chest-ct-lungs")
    broken = folder / "broken-lungs"
    shutil.copytree(folder / "chest-ct-lungs", broken)
    card = (broken / "model.yaml").read_text()
    (broken / "model.yaml").write_text(card.replace("name: chest-ct-lungs", "name: broken-lungs"))
    (broken / "model.pt").write_bytes(b"no TorchScript archive")
    return broken


def CheckReport(path, sr, code, reason, storage):
    """One failure report: what it says, and what it must not say."""
    printed = subprocess.run(["dcmdump", "+L", str(path)], capture_output=True, text=True, errors="replace", check=True).stdout
    answers = [item for item in results.CodedItems(sr) if item[0] == SUMMARY_OF_ANALYSES]
    Check(answers == [(SUMMARY_OF_ANALYSES, code)], f"Summary of Analyses: {answers} instead of {code}")
    Check(sr.CompletionFlag == "PARTIAL", f"Completion Flag {sr.CompletionFlag}")
    Check(int(sr.SeriesNumber) == FIRST_RUN_LAST_NUMBER, f"Series Number {sr.SeriesNumber}")
    Check(sr.SeriesDescription.startswith("AI could not run: Axial Chest CT Lungs"), sr.SeriesDescription)
    Check("2667000" not in printed and "Measurement Group" not in printed, f"it reads like a result:\n{printed}")
    Check(f"Reason: {reason}" in printed, f"'{reason}' is not its reason:\n{printed}")
    Check(str(storage) not in printed and "model.pt" not in printed, "it names a file of the server")
    Check(results.MadeByAxial(sr), "Contributing Equipment does not name Axial")
    errors = results.ValidatorErrors([path])
    Check(not errors, "\n".join(errors))


def CheckPictures(folder, study_uid, code):
    """What a destination gets that takes no reports: one picture and one page."""
    files = sorted((folder / "pictures" / study_uid).glob("*.dcm"))
    told = [pydicom.dcmread(file) for file in files]
    Check(sorted(each.Modality for each in told) == ["DOC", "OT"], f"picture and page: {[each.Modality for each in told]}")
    for each in told:
        Check(each.SeriesDescription.startswith("AI could not run: Axial Chest CT Lungs"), each.SeriesDescription)
        Check([item.CodeValue for item in each.SeriesDescriptionCodeSequence] == [code], "the outcome is not coded")
    errors = results.ValidatorErrors(files)
    Check(not errors, "\n".join(errors))


def WaitForReport(gateway, phantom, state):
    def Reached():
        job, = gateway.WaitForJobs(phantom.study_uid, "failed")
        return job if (job["failure_report"] or {}).get("state") == state else None
    return WaitFor(f"the report to be {state}", Reached, 120, [gateway.process],
                   describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")


def WaitForConfirmed(gateway, phantom, count):
    WaitFor(f"{count} confirmed deliveries",
            lambda: [each["state"] for each in gateway.Study(phantom.study_uid)["deliveries"]] == ["confirmed"] * count,
            120, [gateway.process], describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)['deliveries']}")


def CheckMr(gateway, orthanc, quiet, phantom, folder):
    nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
    job = WaitForReport(gateway, phantom, "produced")
    Check(job["attempt"] == 1 and job["failure_report"]["cause"] == "not_applicable", f"the job: {job}")
    WaitForConfirmed(gateway, phantom, 3)
    (path, sr), = results.Fetch(orthanc, phantom.study_uid, "SR", folder)
    CheckReport(path, sr, NOT_ATTEMPTED, "the Series is MR; the model takes CT", gateway.folder)
    CheckPictures(folder, phantom.study_uid, NOT_ATTEMPTED)
    Check(not results.Fetch(orthanc, phantom.study_uid, "SEG", folder), "there is a SEG")
    Check(gateway.Study(phantom.study_uid)["jobs"][0]["state"] == "failed", "a delivered report made the job a success")
    Check(quiet.Get("/instances") == [], "the destination with 'failures: none' got something")


def CheckBrokenWeightsAndTheirCure(gateway, orthanc, quiet, phantom, folder, broken, killed_by_retry=False):
    nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
    job = WaitForReport(gateway, phantom, "produced")
    Check(job["attempt"] == 3 and "did not start" in nodes.ErrorOf(job), f"the job: {job}")
    WaitForConfirmed(gateway, phantom, 1)
    (path, report), = results.Fetch(orthanc, phantom.study_uid, "SR", folder)
    CheckReport(path, report, FAILED, "the model could not be loaded", gateway.folder)

    shutil.copy2(harness.ROOT / "models" / "chest-ct-lungs" / "model.pt", broken / "model.pt")
    (broken / "model.pt").touch()
    gateway.process.Signal(signal.SIGHUP)
    log = gateway.folder / "axial.log"
    WaitFor("the reload", lambda: "configuration_reloaded" in log.read_text(errors="replace"), 30, [gateway.process])
    if killed_by_retry:
        harness.HttpStatusAndBody(f"{gateway.url}/api/jobs/{job['id']}/retry", 10, "POST")
        WaitForDeath(gateway, "job_retried")
        gateway.Start()
    else:
        gateway.Act("POST", f"/api/jobs/{job['id']}/retry", 202)
    gateway.WaitForJobs(phantom.study_uid, "delivered")
    reports = [sr for _, sr in results.Fetch(orthanc, phantom.study_uid, "SR", folder)]
    Check(len(reports) == 2, f"the PACS has {len(reports)} reports instead of the failure and the result")
    result, = (sr for sr in reports if sr.SOPInstanceUID != report.SOPInstanceUID)
    replaced = [instance.ReferencedSOPInstanceUID for study in result.PredecessorDocumentsSequence
                for series in study.ReferencedSeriesSequence for instance in series.ReferencedSOPSequence]
    Check(replaced == [report.SOPInstanceUID], f"the result replaces {replaced}, not the report")
    Check(result.CompletionFlag == "COMPLETE", f"Completion Flag {result.CompletionFlag}")
    Check(len(results.Fetch(orthanc, phantom.study_uid, "SEG", folder)) == 1, "there is no SEG")
    (_, told), = results.Fetch(quiet, phantom.study_uid, "SR", folder)
    Check(told.SOPInstanceUID == result.SOPInstanceUID, "the destination with 'failures: none' got the failure")


def WaitForDeath(gateway, point):
    WaitFor(f"axial to die at '{point}'", lambda: gateway.process.ExitCode() is not None, 240)
    Check(gateway.process.ExitCode() == -signal.SIGKILL,
          f"axial ended with {gateway.process.ExitCode()} instead of SIGKILL:\n{gateway.process.Tail()}")


def CrashAt(point, gateway, orthanc, phantom, folder):
    gateway.Start({"AXIAL_CRASH_AT": point})
    nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
    WaitForDeath(gateway, point)
    gateway.Start()
    WaitForReport(gateway, phantom, "produced")
    WaitForConfirmed(gateway, phantom, 3)
    (path, sr), = results.Fetch(orthanc, phantom.study_uid, "SR", folder)
    CheckReport(path, sr, NOT_ATTEMPTED, "the Series is MR; the model takes CT", gateway.folder)
    CheckPictures(folder, phantom.study_uid, NOT_ATTEMPTED)


def Body(workspace, binaries):
    folder = workspace.folder
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    quiet = workspace.Own(nodes.Orthanc(folder / "quiet"))
    quiet.Start()
    (folder / "models").mkdir()
    broken = InstallModels(folder / "models")
    gateway = workspace.Own(nodes.Gateway(
        folder / "axial", binaries, orthanc, (MR_RULE, CT_RULE), models=folder / "models",
        destinations={"quiet": {"kind": "dicom", "ae_title": quiet.ae_title, "host": "127.0.0.1",
                                "port": quiet.dicom_port, "results": {"failures": "none"}},
                      "pictures": {"kind": "folder", "path": str(folder / "pictures"), "results": PICTURES}}))
    mr = nodes.Phantom(binaries, folder / "mr", "mr", "--seed", "61", "--rows", "64", "--columns", "64", "--slices", "12")
    point = sys.argv[2] if len(sys.argv) > 2 else None
    if point and point != "job_retried":
        return CrashAt(point, gateway, orthanc, mr, folder)
    ct = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "62", "--rows", "128", "--columns", "128", "--slices", "40",
                         "--slice-spacing", "5")
    if point:
        gateway.Start({"AXIAL_CRASH_AT": point})
        return CheckBrokenWeightsAndTheirCure(gateway, orthanc, quiet, ct, folder, broken, killed_by_retry=True)
    gateway.Start()
    CheckMr(gateway, orthanc, quiet, mr, folder)
    CheckBrokenWeightsAndTheirCure(gateway, orthanc, quiet, ct, folder, broken)
    metrics = harness.HttpGet(gateway.url + "/metrics").decode()
    Check('axial_dispatch_failure_reports_total{outcome="produced"} 2\n' in metrics, "the metric does not count 2 reports")
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")


harness.RunTest(Body)
