"""Orthanc with Axial inside is killed at a point (kill -9) while it takes in a radiograph, and started again: the result is there, once.

Points: where the plugin's own rows are written, where the pipeline's are; `down`: another study is stored and stable while the
plugin is not there; `cleared`: and Orthanc's change log is cleared; `replaced`: and Orthanc's database is an older one. `asked`:
while it takes in a study for a person who asked for a model. `throws`: nobody is killed, but an exception that nobody expects comes
in every thread of ours, and must not end Orthanc.
"""

import http.client
import shutil
import sys

import harness
import nodes
import plugin_host
from harness import Check, WaitFor


def CheckOnce(host, study_uid, instances):
    host.WaitForResult(study_uid)
    WaitFor("the job to be delivered", lambda: host.Jobs(study_uid) == ["delivered"], 120, [host.process],
            describe=lambda: f"jobs: {host.Jobs(study_uid)}")
    host.WaitUntilHandled()
    Check(host.Jobs(study_uid) == ["delivered"], f"jobs: {host.Jobs(study_uid)}")
    kept = host.Rows("SELECT count(*) FROM instance WHERE study_uid = ?", study_uid)[0][0]
    Check(kept == instances, f"{kept} rows of {instances} Instances")
    series = host.orthanc.Get(f"/studies/{host.orthanc.FindStudy(study_uid)}/series")
    Check(len(series) == 2, f"{len(series)} Series instead of the radiograph's and one report")


def KillAt(workspace, binaries, point):
    host = plugin_host.PluginHost(workspace, "host", binaries, section={"completion": {"quiet": "5 s"}})
    radiograph = nodes.Phantom(binaries, workspace.folder / "dx", "dx", "--seed", "41")
    host.Start(crash_at=point)
    nodes.Send(radiograph.folder, host.orthanc.dicom_port, host.orthanc.ae_title, workspace.folder / "send.log")
    Check(host.Ended() < 0, "Orthanc was not killed")
    host.Start()
    if not host.orthanc.FindStudy(radiograph.study_uid):  # killed before the answer: the modality sends again
        nodes.SendAll(radiograph.folder, host.orthanc, workspace.folder / "send.log")
    CheckOnce(host, radiograph.study_uid, len(radiograph.files))
    host.Stop()


def Asked(workspace, binaries):
    """Killed while it takes in an older study for which somebody asked a model: nothing but the request knows of it."""
    host = plugin_host.PluginHost(workspace, "host", binaries, rules=(plugin_host.CT_RULE,), section={"completion": {"quiet": "5 s"}})
    before = workspace.Own(nodes.Orthanc(host.orthanc.folder))
    before.Start()
    radiograph = nodes.Phantom(binaries, workspace.folder / "dx", "dx", "--seed", "44")
    nodes.SendAll(radiograph.folder, before, workspace.folder / "send.log", len(radiograph.files))
    before.Stop()
    host.Start(crash_at="orthanc_linked")
    study = host.orthanc.FindStudy(radiograph.study_uid)
    try:
        harness.HttpPostJson(f"{host.orthanc.url}/axial/studies/{study}/analyze", {"model": "dx-position"})
    except (OSError, http.client.HTTPException):
        pass  # it was killed before it had answered
    Check(host.Ended() < 0, "Orthanc was not killed")
    Check(host.Rows("SELECT count(*) FROM analysis_request WHERE finished_at IS NULL") == [(1,)], "the request is no row")
    host.Start()
    CheckOnce(host, radiograph.study_uid, len(radiograph.files))
    host.Stop()


THROWN = ("orthanc_linked", "orthanc_taken", "orthanc_position", "series_closed", "series_routed", "closed", "routed", "leased", "produced",
          "confirmed", "orthanc_removed")  # the threads of the intake, assemble, route, dispatch, deliver


def Throws(workspace, binaries):
    host = plugin_host.PluginHost(workspace, "host", binaries, section={"completion": {"quiet": "5 s"}}).Start(throw_at=",".join(THROWN))
    radiograph = nodes.Phantom(binaries, workspace.folder / "dx", "dx", "--seed", "43")
    nodes.SendAll(radiograph.folder, host.orthanc, workspace.folder / "send.log", len(radiograph.files))
    CheckOnce(host, radiograph.study_uid, len(radiograph.files))
    WaitFor("the study to be routed", lambda: host.Rows("SELECT state FROM study_revision") == [("routed",)], 60, [host.process])
    harness.HttpStatusAndBody(f"{host.orthanc.url}/studies/{host.orthanc.FindStudy(radiograph.study_uid)}", method="DELETE")
    WaitFor("the study's rows to be removed", lambda: host.Rows("SELECT count(*) FROM host_study") == [(0,)], 60, [host.process])
    host.process.CheckAlive()
    missing = [point for point in THROWN if f"thrown at {point} " not in host.Log()]
    Check(missing == [], f"nothing was thrown at {missing}")
    host.Stop()


def WhileDown(workspace, binaries, what):
    host = plugin_host.PluginHost(workspace, "host", binaries, section={"completion": {"quiet": "5 s"}})
    first = nodes.Phantom(binaries, workspace.folder / "first", "dx", "--seed", "42")
    second = nodes.Phantom(binaries, workspace.folder / "second", "dx", "--seed", "43")
    host.Start()
    host.WaitUntilHandled()
    older = workspace.folder / "older"
    if what == "replaced":  # a copy of a time before either study
        host.Stop()
        shutil.copytree(host.orthanc.folder / "storage", older)
        host.Start()
    nodes.SendAll(first.folder, host.orthanc, workspace.folder / "send.log")
    CheckOnce(host, first.study_uid, len(first.files))
    host.Kill()
    if what == "replaced":
        shutil.rmtree(host.orthanc.folder / "storage")
        shutil.copytree(older, host.orthanc.folder / "storage")
    without = workspace.Own(nodes.Orthanc(host.orthanc.folder))
    without.Start()
    if what == "replaced":
        nodes.SendAll(first.folder, without, workspace.folder / "send.log")
    nodes.SendAll(second.folder, without, workspace.folder / "send.log")
    WaitFor("the second study to be stable", lambda: without.Get(f"/studies/{without.FindStudy(second.study_uid)}")["IsStable"],
            60, [without.process])
    if what == "cleared":
        harness.HttpStatusAndBody(without.url + "/changes", method="DELETE")
        Check(not without.Get("/changes")["Changes"], "the change log was not cleared")
    without.process.Kill()
    host.Start()
    CheckOnce(host, second.study_uid, len(second.files))
    Check(host.Jobs(first.study_uid) == ["delivered"], f"jobs of the first study: {host.Jobs(first.study_uid)}")
    host.Stop()


def Body(workspace, binaries):
    what = sys.argv[2]
    if what in ("throws", "asked"):
        return {"throws": Throws, "asked": Asked}[what](workspace, binaries)
    (WhileDown if what in ("down", "cleared", "replaced") else KillAt)(workspace, binaries, what)


harness.RunTest(Body)
