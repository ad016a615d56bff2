"""Studies are removed once nothing of them is owed and they are older than storage.keep, and never before.

With a second argument the gateway is killed with SIGKILL at that point of the removal (AXIAL_CRASH_AT): `removing` (the
rows say that the study is gone, its files are all there) or `removed` (its files are gone). The next start finishes it,
and whatever comes again is a study like any other.
"""

import pathlib
import re
import signal
import sys

import harness
import nodes
import results
from harness import Check, WaitFor

SMALL = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")


class Scene:
    def __init__(self, workspace, binaries):
        self.folder = workspace.folder
        self.orthanc = workspace.Own(nodes.Orthanc(self.folder / "pacs"))
        self.orthanc.Start()
        self.gateway = workspace.Own(nodes.Gateway(self.folder / "axial", binaries, self.orthanc, (nodes.CT_RULE,)))
        self.SetKeep("7 d")
        self.phantom = nodes.Phantom(binaries, self.folder / "ct", "ct", "--seed", "51", *SMALL)
        self.storage = self.folder / "axial" / "storage"

    def SetKeep(self, keep):
        text = self.gateway.config.read_text()
        text = re.sub(r"(, keep: [^,}]*)?, durability", f", keep: {keep}, durability", text)
        self.gateway.config.write_text(text)

    def Send(self):
        nodes.SendAll(self.phantom.folder, self.gateway, self.folder / "send.log", len(self.phantom.files))

    def WaitDelivered(self):
        self.gateway.WaitForJobs(self.phantom.study_uid, "delivered", seconds=240)

    def Study(self):
        return self.gateway.Study(self.phantom.study_uid)

    def SpoolFiles(self):
        return sorted((self.storage / "spool" / self.phantom.study_uid).glob("*"))

    def ResultFiles(self):
        return [path for path in (self.storage / "results").rglob("*.dcm")]

    def Metric(self, name):
        found = re.search(rf"^{name} (\S+)$", harness.HttpGet(self.gateway.url + "/metrics").decode(), re.MULTILINE)
        Check(found, f"/metrics has no {name}")
        return float(found[1])

    def WaitRemoved(self):
        WaitFor("the files of the study to go", lambda: not self.SpoolFiles() and not self.ResultFiles(), 60,
                [self.gateway.process], describe=lambda: f"there are {self.SpoolFiles()} {self.ResultFiles()}")

    def CheckComesAgain(self):
        """The same study again: its Instances are new, are kept, and nothing is run or delivered twice."""
        self.SetKeep("7 d")
        self.gateway.process.Signal(signal.SIGHUP)
        WaitFor("the configuration to be read", lambda: "configuration_reloaded" in self.gateway.process.log.read_text(), 30,
                [self.gateway.process])
        self.Send()
        WaitFor("the second revision to be routed", lambda: [r["state"] for r in self.Study()["revisions"]] == ["routed"] * 2,
                60, [self.gateway.process], describe=lambda: f"axial says: {self.Study()['revisions']}")
        study = self.Study()
        Check(study["removed_at"] is None and study["instances"] == len(self.phantom.files),
              f"axial does not have what it took again: {study}")
        Check(study["revisions"][0]["removed_at"] and not study["revisions"][1]["removed_at"], f"{study['revisions']}")
        Check(len(self.SpoolFiles()) == len(self.phantom.files), f"{len(self.SpoolFiles())} files in the spool")
        Check(len(study["jobs"]) == 1, f"an identical re-send was run again: {study['jobs']}")
        for modality in ("SEG", "SR"):
            count = len(results.Fetch(self.orthanc, self.phantom.study_uid, modality, self.folder))
            Check(count == 1, f"the PACS has {count} {modality} objects of the study instead of one")


def Body(workspace, binaries):
    scene = Scene(workspace, binaries)
    gateway = scene.gateway
    gateway.Start()
    scene.orthanc.Stop()
    scene.Send()
    gateway.WaitForJobs(scene.phantom.study_uid, "produced", seconds=240)

    # Owed to a PACS that is away: it stays, however short `keep` is.
    gateway.process.Stop()
    scene.SetKeep("0 s")
    gateway.Start()
    WaitFor("the study to be counted as held", lambda: scene.Metric("axial_pipeline_held_studies") == 1, 60,
            [gateway.process])
    Check(len(scene.SpoolFiles()) == len(scene.phantom.files) and scene.ResultFiles(), "undelivered files were removed")
    gateway.process.Stop()

    point = sys.argv[2] if len(sys.argv) > 2 else None
    scene.orthanc.Start()
    gateway.Start({"AXIAL_CRASH_AT": point} if point else None)
    if point:
        WaitFor(f"axial to die at '{point}'", lambda: gateway.process.ExitCode() is not None, 180)
        Check(gateway.process.ExitCode() == -signal.SIGKILL,
              f"axial ended with {gateway.process.ExitCode()} instead of SIGKILL:\n{gateway.process.Tail()}")
        left = len(scene.SpoolFiles())
        Check(left == (len(scene.phantom.files) if point == "removing" else 0), f"{left} files were left at '{point}'")
        gateway.Start()
    scene.WaitRemoved()
    study = scene.Study()
    Check(study["removed_at"] and study["instances"] == 0, f"axial does not say that the study was removed: {study}")
    Check(all(job["state"] == "delivered" for job in study["jobs"]), f"{study['jobs']}")
    Check([event for event in study["timeline"] if event["kind"] == "removed"], f"{study['timeline']}")
    if point is None:
        Check(scene.Metric("axial_pipeline_removed_studies_total") == 1, "the metrics do not count it")
        Check(scene.Metric("axial_pipeline_removed_files_total") > len(scene.phantom.files), "results were not counted")
        Check(scene.Metric("axial_pipeline_removed_bytes_total") > 48 * 128 * 128 * 2, "too few bytes were counted")
    explained = harness.subprocess.run(
        [pathlib.Path(binaries) / "axial", "explain", "--config", gateway.config,
         scene.storage / "spool" / scene.phantom.study_uid], capture_output=True, text=True)
    Check(explained.returncode == 1 and "storage.keep" in explained.stderr, f"axial explain says: {explained.stderr!r}")
    print(f"removed at {study['removed_at']}: {[e['detail'] for e in study['timeline'] if e['kind'] == 'removed']}")
    scene.CheckComesAgain()
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")


harness.RunTest(Body)
