#!/usr/bin/python3
"""What inference costs reception: C-STORE while a worker infers at SCHED_IDLE, at normal priority, and not at all.

  /usr/bin/python3 bench/reception_beside_inference.py [--binaries build/bin] [--rounds 5] [--instances 400] ...

One gateway, one warm worker with jobs queued (one study, many rules), everything on loopback. The three conditions take turns in every round, so
that whatever else the machine does meets each of them; the worker is stopped (SIGSTOP) for "no inference", and its
threads' scheduling policy is changed from outside (as `chrt -a` would) for "normal priority". Ratios are medians of the
rounds' own ratios to "no inference". Needs Debian's python3-pydicom and the right to change scheduling policies.
"""

import argparse
import os
import pathlib
import signal
import statistics
import sys
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import cstore_load  # noqa: E402
import harness  # noqa: E402
import nodes  # noqa: E402

NONE, IDLE, NORMAL = "no inference", "SCHED_IDLE", "normal priority"


def CpuSeconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def SetPolicy(pid, policy):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        os.sched_setscheduler(int(task.name), policy, os.sched_param(0))


def BusyWorker(gateway):
    """The pid of the worker that infers now, or None."""
    workers = gateway.Health().get("workers", [])
    return next((worker["pid"] for worker in workers if worker["state"] == "busy"), None)


def Measure(gateway, image, count):
    """(P50 ms, P99 ms, Instances per second) of `count` Instances on one Association, after a few to warm up."""
    association = cstore_load.Association(gateway.dicom_port, gateway.ae_title, image)
    for _ in range(20):
        association.Store()
    times = sorted(association.Store() for _ in range(count))
    association.Release()
    return 1000 * statistics.median(times), 1000 * times[int(0.99 * count)], count / sum(times)


def MeasureUnder(condition, gateway, image, count):
    pid = harness.WaitFor("a busy worker", lambda: BusyWorker(gateway), 60, [gateway.process])
    if condition == NONE:
        os.kill(pid, signal.SIGSTOP)
    else:
        SetPolicy(pid, os.SCHED_IDLE if condition == IDLE else os.SCHED_OTHER)
    before = CpuSeconds(pid)
    try:
        measured = Measure(gateway, image, count)
        cores = (CpuSeconds(pid) - before) * measured[2] / count
    finally:
        os.kill(pid, signal.SIGCONT)
        SetPolicy(pid, os.SCHED_IDLE)
    return (*measured, cores)


def Report(rounds):
    print(f"{'':16} {'P50 ms':>8} {'P99 ms':>8} {'inst/s':>8} {'worker cores':>13}   ratio to no inference: P50, P99, inst/s")
    for condition in (NONE, IDLE, NORMAL):
        medians = [statistics.median(one[condition][i] for one in rounds) for i in range(4)]
        ratios = [statistics.median(one[condition][i] / one[NONE][i] for one in rounds) for i in range(3)]
        print(f"{condition:16} {medians[0]:8.2f} {medians[1]:8.2f} {medians[2]:8.0f} {medians[3]:13.2f}   "
              f"{ratios[0]:.2f}, {ratios[1]:.2f}, {ratios[2]:.2f}")


def Body(workspace, arguments):
    nobody = types.SimpleNamespace(ae_title="NOBODY", dicom_port=harness.FreePort())
    rules = [{**nodes.ANY_CT_RULE, "name": f"Lungs, copy {number}"} for number in range(arguments.jobs)]
    # One session with the load generator: Linux shares the processor among sessions first (autogroup), and a SCHED_IDLE
    # thread is idle only beside the threads of its own group.
    gateway = nodes.Gateway(workspace.folder / "axial", arguments.binaries, nobody, rules, own_session=False)
    text = gateway.config.read_text()
    folder = f"pacs: {{kind: folder, path: {workspace.folder / 'out'}}}"
    gateway.config.write_text("\n".join(f"  {folder}" if line.startswith("  pacs:") else line for line in text.splitlines()))
    workspace.Own(gateway).Start()
    phantom = nodes.Phantom(arguments.binaries, workspace.folder / "ct", "ct", "--slices", "200", "--slice-spacing", "1.5")
    nodes.SendAll(phantom.folder, gateway, workspace.folder / "send.log", len(phantom.files))
    image = cstore_load.MakeImage(arguments.rows, arguments.rows)
    rounds = []
    for number in range(arguments.rounds):
        order = (NONE, IDLE, NORMAL)[number % 3:] + (NONE, IDLE, NORMAL)[:number % 3]
        rounds.append({condition: MeasureUnder(condition, gateway, image, arguments.instances) for condition in order})
        print("  ".join(f"{name}: {one[0]:.2f}/{one[1]:.2f} ms {one[2]:.0f}/s {one[3]:.2f} cores"
                        for name, one in rounds[-1].items()), flush=True)
    print(f"\n{len(rounds)} rounds of {arguments.instances} Instances of {len(image.PixelData)} bytes, "
          f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    Report(rounds)


def Main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", type=pathlib.Path, default=harness.ROOT / "build" / "bin")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--instances", type=int, default=400)
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--jobs", type=int, default=40, help="queued for the worker; more when it runs out of work")
    arguments = parser.parse_args()
    with harness.Workspace("axial-bench") as workspace:
        Body(workspace, arguments)


if __name__ == "__main__":
    try:
        Main()
    except harness.Failure as failure:
        sys.exit(f"FAILED: {failure}")
