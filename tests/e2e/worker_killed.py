"""kill -9 of a worker that holds a job costs one attempt; the next attempt delivers, once.

The worker is made warm with one study and then stopped (SIGSTOP), so that it surely holds the second study's job when it is
killed.
"""

import os
import signal

import harness
import nodes
import results
from harness import Check, WaitFor

SMALL = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")


def OnlyJob(study):
    jobs = study["jobs"] if study else []
    return jobs[0] if len(jobs) == 1 else None


def Body(workspace, binaries):
    folder = workspace.folder
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, orthanc, (nodes.CT_RULE,)))
    gateway.Start()
    processes = [gateway.process, orthanc.process]

    def WaitForState(phantom, state):
        def Reached():
            job = OnlyJob(gateway.Study(phantom.study_uid))
            Check(not job or job["state"] != "failed", f"the job failed: {job}")
            return job if job and job["state"] == state else None
        return WaitFor(f"the job to be {state}", Reached, 240, processes,
                       describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")

    first = nodes.Phantom(binaries, folder / "first", "ct", "--seed", "31", *SMALL)
    nodes.SendAll(first.folder, gateway, folder / "send.log", len(first.files))
    WaitForState(first, "delivered")
    worker, = harness.WorkersOf(gateway.process)

    os.kill(worker, signal.SIGSTOP)
    second = nodes.Phantom(binaries, folder / "second", "ct", "--seed", "32", *SMALL)
    nodes.SendAll(second.folder, gateway, folder / "send.log", len(second.files))
    WaitForState(second, "leased")
    os.kill(worker, signal.SIGKILL)
    job = WaitForState(second, "delivered")
    Check(job["attempt"] == 2, f"the job took {job['attempt']} attempts instead of 2")
    for modality in ("SEG", "SR"):
        objects = results.Fetch(orthanc, second.study_uid, modality, folder)
        Check(len(objects) == 1, f"the PACS has {len(objects)} {modality} objects of the study instead of one")


harness.RunTest(Body)
