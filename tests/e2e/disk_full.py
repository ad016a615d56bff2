"""The storage's disk fills up: new Instances are refused for now, what was accepted is kept and finishes, nothing is lost.

Second argument: `reserve` (the disk falls below storage.reserve; what was accepted finishes within the reserve) or
`last_byte` (no reserve, the disk is full to the last byte in the middle of a study, and the gateway is killed then).
"""

import sys

import harness
import nodes
import results
from content_digest import IsWhole
from harness import Check, WaitFor
from small_disk import SmallDisk

SMALL = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")
KIB, MIB = 1 << 10, 1 << 20


class Scene:
    """Orthanc, a gateway whose storage lies on a small disk, and two small chest CTs."""

    def __init__(self, workspace, binaries, reserve):
        self.folder = workspace.folder
        self.disk = workspace.Own(SmallDisk(self.folder / "axial" / "storage", 64))
        self.orthanc = workspace.Own(nodes.Orthanc(self.folder / "pacs"))
        self.orthanc.Start()
        self.gateway = workspace.Own(
            nodes.Gateway(self.folder / "axial", binaries, self.orthanc, (nodes.CT_RULE,), reserve=reserve))
        self.gateway.Start()
        self.phantoms = [nodes.Phantom(binaries, self.folder / f"ct{seed}", "ct", "--seed", str(seed), *SMALL)
                         for seed in (41, 42)]

    def Send(self, phantom):
        return nodes.Send(phantom.folder, self.gateway.dicom_port, self.gateway.ae_title, self.folder / "send.log")

    def SendAll(self, phantom):
        nodes.SendAll(phantom.folder, self.gateway, self.folder / "send.log", len(phantom.files))

    def CheckRefused(self, sent):
        """The sender was told A700H, and nothing else was wrong."""
        Check(sent.failed, f"all {sent.succeeded} Instances were accepted on a full disk")
        Check("Refused: OutOfResources" in (self.folder / "send.log").read_text(),
              "the sender was not told that resources are out")
        Check("status=A700H" in self.gateway.process.log.read_text(), "the log does not say that A700H was answered")

    def CheckRejected(self):
        """The sender was told to come again later, before it sent anything."""
        told = (self.folder / "send.log").read_text()
        Check("Temporary Congestion" in told and "Rejected Transient" in told,
              f"the sender was not told to come again later: {told[-500:]}")
        Check("storage_low" in self.gateway.process.log.read_text(), "the log does not say that the storage is low")

    def CheckFailingHealth(self):
        health = self.gateway.Health()
        Check(health and health["http_status"] == 503, f"/healthz is content with a full disk: {health}")
        Check(any(reason.startswith("disk: ") for reason in health["reasons"]), f"/healthz names another reason: {health}")
        print(f"/healthz: {health['reasons']}")

    def WaitForHealth(self):
        WaitFor("/healthz to be content again", lambda: self.gateway.Health().get("status") == "ok", 30,
                [self.gateway.process], describe=lambda: f"axial says: {self.gateway.Health()}")

    def WaitDelivered(self, phantom):
        def Delivered():
            jobs = (self.gateway.Study(phantom.study_uid) or {}).get("jobs", [])
            failed = [job for job in jobs if job["state"] == "failed"]
            Check(not failed, f"a job failed: {failed}")
            return jobs and all(job["state"] == "delivered" for job in jobs)

        WaitFor("every job to be delivered", Delivered, 240, [self.gateway.process, self.orthanc.process],
                describe=lambda: f"axial says: {self.gateway.Study(phantom.study_uid)}")
        for modality in ("SEG", "SR"):
            count = len(results.Fetch(self.orthanc, phantom.study_uid, modality, self.folder))
            Check(count == 1, f"the PACS has {count} {modality} objects of the study instead of one")


def BelowTheReserve(workspace, binaries):
    scene = Scene(workspace, binaries, "24 MiB")
    accepted, late = scene.phantoms
    scene.SendAll(accepted)
    scene.disk.Fill(leave=16 * MIB)
    sent = scene.Send(late)
    Check(sent.succeeded == 0, f"{sent.succeeded} Instances were accepted below the reserve")
    scene.CheckRejected()
    scene.CheckFailingHealth()
    scene.WaitDelivered(accepted)
    scene.CheckFailingHealth()

    scene.disk.Empty()
    scene.WaitForHealth()
    scene.SendAll(late)
    scene.WaitDelivered(late)


def ToTheLastByte(workspace, binaries):
    scene = Scene(workspace, binaries, "0 B")
    phantom = scene.phantoms[0]
    scene.disk.Fill(leave=800 * KIB)
    sent = scene.Send(phantom)
    scene.CheckRefused(sent)
    Check(sent.succeeded, "not one Instance was accepted while there was room")
    scene.disk.Fill(leave=0)
    scene.CheckFailingHealth()
    scene.gateway.process.Kill()

    scene.disk.Empty()
    # More than were accepted when a file was whole and only its row found no room: its row is made at the start.
    whole = [file for file in (scene.disk.folder / "spool" / phantom.study_uid).iterdir() if IsWhole(file)]
    scene.gateway.Start()
    kept = scene.gateway.Study(phantom.study_uid)["instances"]
    print(f"{sent.succeeded} of {len(phantom.files)} Instances were accepted before the disk was full, {kept} are there")
    Check(kept == len(whole) >= sent.succeeded,
          f"{sent.succeeded} Instances were accepted, {len(whole)} files are whole, {kept} are there after a new start")
    scene.WaitForHealth()
    scene.SendAll(phantom)
    scene.WaitDelivered(phantom)
    study = scene.gateway.Study(phantom.study_uid)
    Check((study["instances"], study["conflicting_instances"]) == (len(phantom.files), 0),
          f"what was kept has other bytes than what came again: {study}")


harness.RunTest({"reserve": BelowTheReserve, "last_byte": ToTheLastByte}[sys.argv[2]])
