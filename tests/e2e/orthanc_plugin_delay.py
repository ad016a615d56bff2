"""How long Axial inside Orthanc takes from the last Instance of a study to a closed Series, against Orthanc's own StableAge 1.

Prints, for each study of a series of them, the time until the Series was closed (by rows) and until Orthanc called the study stable.
"""

import statistics
import sys
import time

import harness
import nodes
import plugin_host
from harness import Check, WaitFor


def Body(workspace, binaries):
    studies = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    host = plugin_host.PluginHost(workspace, "host", binaries).Start()
    host.WaitUntilHandled()
    ours, orthanc = [], []
    for number in range(studies):
        phantom = nodes.Phantom(binaries, workspace.folder / f"ct{number}", "dx", "--seed", str(200 + number))
        sent = nodes.SendAll(phantom.folder, host.orthanc, workspace.folder / "send.log", len(phantom.files))
        WaitFor("the Series to be closed", lambda: host.Rows("SELECT 1 FROM series_revision WHERE study_uid = ?", phantom.study_uid),
                60, [host.process])
        (closed,) = host.Rows("SELECT closed_at FROM series_revision WHERE study_uid = ?", phantom.study_uid)[0]
        ours.append(closed / 1e6 - sent.last_response_at)
        study = host.orthanc.FindStudy(phantom.study_uid)
        WaitFor("Orthanc to call the study stable", lambda: host.orthanc.Get(f"/studies/{study}")["IsStable"], 60, [host.process], every=0.02)
        orthanc.append(time.time() - sent.last_response_at)
        print(f"study {number}: Series closed after {ours[-1]:.2f} s, stable after {orthanc[-1]:.2f} s")
    print(f"median: Axial {statistics.median(ours):.2f} s, Orthanc's StableAge 1 {statistics.median(orthanc):.2f} s")
    Check(statistics.median(ours) < statistics.median(orthanc), "Axial waits longer than Orthanc at StableAge 1")
    host.Stop()


harness.RunTest(Body)
