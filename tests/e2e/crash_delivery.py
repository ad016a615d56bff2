"""kill -9 at each state of a delivery, also those that only an archive with moods leads to; after a new start the archive
gets every result once.

AXIAL_CRASH_AT=<point> makes the gateway kill itself right after that commit. Second argument: the point.
"""

import signal
import sys

import harness
import nodes
from archive_peer import Archive
from harness import Check, WaitFor
from modality_peer import ModalityPython

SMALL = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")
TRY_LATER, NEVER = 0xA700, 0xC000
COMMITMENT_POINTS = ("commitment_asked", "commitment_applied", "checking_commitment")


def Body(workspace, binaries):
    point = sys.argv[2]
    folder = workspace.folder
    archive = workspace.Own(Archive())
    archive.store_statuses = {"postponed": [TRY_LATER], "refused": [NEVER]}.get(point, [])
    archive.finds_nothing = 1 if point == "unproven" else 0
    archive.answers_from = 2 if point == "commitment_asked" else 1
    archive.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, None, (nodes.CT_RULE,), destinations={
        "pacs": {"kind": "dicom", "ae_title": archive.ae_title, "host": "127.0.0.1", "port": archive.dicom_port,
                 "storage_commitment": point in COMMITMENT_POINTS}}))
    phantom = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "23", *SMALL)

    gateway.Start({"AXIAL_CRASH_AT": point.removesuffix("_commitment")})
    nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
    WaitFor(f"axial to die at '{point}'", lambda: gateway.process.ExitCode() is not None, 120,
            describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")
    Check(gateway.process.ExitCode() == -signal.SIGKILL,
          f"axial ended with {gateway.process.ExitCode()} instead of SIGKILL:\n{gateway.process.Tail()}")
    print(f"killed at '{point}'; the archive had {archive.arrivals}")

    gateway.Start()
    if point == "refused":
        WaitFor("the refusal to be shown", lambda: "refused" in States(gateway, phantom), 30, [gateway.process])
        gateway.Act("POST", "/api/destinations/pacs/retry", 202)
    gateway.WaitForJobs(phantom.study_uid, "delivered", seconds=120)

    Check(States(gateway, phantom) == ["confirmed"] * 2, f"axial says: {gateway.Study(phantom.study_uid)}")
    proofs = {each["confirmed_by"] for each in gateway.Study(phantom.study_uid)["deliveries"]}
    Check(proofs == {"storage_commitment" if point in COMMITMENT_POINTS else "query"}, f"confirmed by {proofs}")
    Check(sorted(modality for modality, _ in set(archive.arrivals)) == ["SEG", "SR"],
          f"the archive has {archive.arrivals} instead of one SEG and one SR")
    Check(not archive.changed, f"the same result came with other bytes: {archive.changed}")
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")


def States(gateway, phantom):
    return sorted(each["state"] for each in gateway.Study(phantom.study_uid)["deliveries"])


ModalityPython()
harness.RunTest(Body)
