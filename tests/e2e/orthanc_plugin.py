"""Axial inside Orthanc: a radiograph stored in Orthanc gets its SR into the same study, once.

Also: a broken configuration leaves Orthanc itself running and says in its log what is wrong.
"""

import sqlite3

import harness
from harness import Check, WaitFor


def StableChanges(orthanc, study):
    changes = orthanc.Get("/changes?limit=1000")["Changes"]
    return sum(change["ChangeType"] == "StableStudy" and change["ID"] == study for change in changes)


def CheckAnalysedOnce(workspace, binaries):
    folder = workspace.folder
    plugin = binaries / "libAxialOrthanc.so"
    yaml = folder / "axial" / "axial.yaml"
    orthanc = workspace.Own(harness.Orthanc(folder / "pacs", own_plugins=[plugin],
                                            own_settings={"Axial": {"Configuration": str(yaml)}}))
    harness.Gateway(folder / "axial", binaries, orthanc, (harness.DX_RULE,))  # writes the YAML, is not started
    orthanc.Start()
    radiograph = harness.Phantom(binaries, folder / "dx", "dx", "--seed", "31")
    harness.SendAll(radiograph.folder, orthanc, folder / "send.log", len(radiograph.files))
    WaitFor("the radiograph's SR in the study", lambda: orthanc.InstancesOf(radiograph.study_uid, "SR"), 180,
            [orthanc.process])
    study = orthanc.FindStudy(radiograph.study_uid)
    WaitFor("the study to become stable again, with our own result in it",
            lambda: StableChanges(orthanc, study) >= 2, 60, [orthanc.process])
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
