"""Axial inside Orthanc: a radiograph stored in Orthanc gets its results into the same study, once, as `results` wants them.

Also: a broken configuration leaves Orthanc itself running and says in its log what is wrong.
"""

import sqlite3

import harness
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


def StableChanges(orthanc, study):
    changes = orthanc.Get("/changes?limit=1000")["Changes"]
    return sum(change["ChangeType"] == "StableStudy" and change["ID"] == study for change in changes)


def CheckAnalysedOnce(workspace, binaries):
    folder = workspace.folder
    plugin = binaries / "libAxialOrthanc.so"
    yaml = folder / "axial" / "axial.yaml"
    orthanc = workspace.Own(harness.Orthanc(folder / "pacs", own_plugins=[plugin],
                                            own_settings={"Axial": {"Configuration": str(yaml)}}))
    harness.Gateway(folder / "axial", binaries, orthanc, (harness.DX_RULE,), results=PROFILE)  # writes the YAML, is not started
    orthanc.Start()
    radiograph = harness.Phantom(binaries, folder / "dx", "dx", "--seed", "31")
    harness.SendAll(radiograph.folder, orthanc, folder / "send.log", len(radiograph.files))
    for modality in ("SR", "OT", "DOC"):
        WaitFor(f"the radiograph's {modality} in the study", lambda m=modality: orthanc.InstancesOf(radiograph.study_uid, m),
                180, [orthanc.process])
    study = orthanc.FindStudy(radiograph.study_uid)
    WaitFor("the study to become stable again, with our own result in it",
            lambda: StableChanges(orthanc, study) >= 2, 60, [orthanc.process])
    CheckProfile(orthanc, radiograph, folder)
    orthanc.Stop()  # ends after what is in progress
    database = sqlite3.connect(f"file:{folder / 'axial' / 'storage' / 'axial.db'}?mode=ro", uri=True)
    jobs = database.execute("SELECT state FROM job").fetchall()
    print(f"jobs: {jobs}")
    Check(len(jobs) == 1, f"our own result was analysed again: {jobs}")


def CheckBrokenConfiguration(workspace, binaries):
    folder = workspace.folder / "broken"
    orthanc = workspace.Own(harness.Orthanc(folder, own_plugins=[binaries / "libAxialOrthanc.so"],
                                            own_settings={"Axial": {"Configuration": str(folder / "absent.yaml")}}))
    orthanc.Start()
    log = (folder / "orthanc.log").read_text(errors="replace")
    Check("plugin_not_started" in log and "absent.yaml" in log, f"the log does not say what is wrong:\n{log}")


def Body(workspace, binaries):
    CheckAnalysedOnce(workspace, binaries)
    CheckBrokenConfiguration(workspace, binaries)


harness.RunTest(Body)
