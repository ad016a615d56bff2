"""kill -9 right after one stage's row is committed; after a new start the study finishes, once.

AXIAL_CRASH_AT=<stage> makes the gateway kill itself with SIGKILL right after that stage's commit. Second argument: the
stage.
"""

import contextlib
import os
import signal
import sys

import harness
import nodes
import results
from harness import Check, WaitFor


def Body(workspace, binaries):
    stage = sys.argv[2]
    folder = workspace.folder
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, orthanc))
    phantom = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "21", "--rows", "128", "--columns", "128",
                              "--slices", "48", "--slice-spacing", "5")

    gateway.Start({"AXIAL_CRASH_AT": stage})
    sent = nodes.Send(phantom.folder, gateway.dicom_port, gateway.ae_title, folder / "send.log")
    WaitFor(f"axial to die at '{stage}'", lambda: Died(gateway, stage == "attempt_lost"), 120,
            describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")
    Check(gateway.process.ExitCode() == -signal.SIGKILL,
          f"axial ended with {gateway.process.ExitCode()} instead of SIGKILL:\n{gateway.process.Tail()}")
    print(f"killed at '{stage}'; {sent.succeeded} of {len(phantom.files)} instances had been acknowledged")

    gateway.Start()
    if sent.succeeded < len(phantom.files):
        # A modality sends again what was not acknowledged; sending all of it again must change nothing else.
        nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
    processes = [gateway.process, orthanc.process]
    WaitFor("every job to be delivered", lambda: Delivered(gateway.Study(phantom.study_uid)), 180, processes,
            describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")

    for modality in ("SEG", "SR"):
        objects = results.Fetch(orthanc, phantom.study_uid, modality, folder)
        Check(len(objects) == 1, f"the PACS has {len(objects)} {modality} objects of the study instead of one")
    Check(gateway.process.Stop() == 0, f"axial did not stop cleanly:\n{gateway.process.Tail()}")


def Died(gateway, no_worker_lives):
    for worker in harness.WorkersOf(gateway.process) if no_worker_lives else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
    return gateway.process.ExitCode() is not None


def Delivered(study):
    jobs = study["jobs"] if study else []
    failed = [job for job in jobs if job["state"] == "failed"]
    Check(not failed, f"a job failed: {failed}")
    return jobs and all(job["state"] == "delivered" for job in jobs)


harness.RunTest(Body)
