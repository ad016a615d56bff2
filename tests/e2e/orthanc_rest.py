"""Axial's REST interface inside Orthanc, behind Orthanc's own password: the daemon's API, and a model on demand.

Also: Orthanc's metrics carry ours, a client that sends nonsense gets a reason, and Orthanc lives on.
"""

import json

import pydicom

import harness
import nodes
import orthanc_host
import results
import viewer_models
from harness import Check, WaitFor

ROUTES = ("/healthz", "/metrics", "/api/studies", "/api/jobs", "/api/rules", "/api/destinations", "/api/quarantine",
          "/api/models", "/api/commitments", "/api/performed-steps")
ABSENT = "00000000-00000000-00000000-00000000-00000000"
JSON = {"Content-Type": "application/json"}


def CheckPassword(orthanc):
    for method, path in [("GET", "/axial" + route) for route in ROUTES] + [
            ("GET", f"/axial/studies/{ABSENT}"), ("POST", f"/axial/studies/{ABSENT}/analyze"), ("POST", "/axial/api/jobs/1/retry")]:
        for user in (None, ("radiologist", "wrong")):
            status = orthanc.Ask(method, path, b"" if method == "POST" else None, user=user)[0]
            Check(status == 401, f"{method} {path} as {user} answered {status}")


def CheckProblem(orthanc, status, method, path, body=None, says="", headers=None):
    got, fields, answer = orthanc.Ask(method, path, body, headers)
    Check(got == status, f"{method} {path} answered {got} instead of {status}: {answer[:300]!r}")
    if status != 405:  # Orthanc's own answer
        Check(fields["Content-Type"] == "application/problem+json", f"{path}: {fields['Content-Type']}")
        problem = json.loads(answer)
        Check(problem["status"] == status and says in problem["detail"], f"{path}: {problem}")
    return answer


def CheckSameApi(orthanc, gateway):
    """The same resources with the same members as those of the daemon, which has seen nothing."""
    for route in ROUTES:
        ours, _, body = orthanc.Ask("GET", "/axial" + route)
        theirs, their_body = harness.HttpStatusAndBody(gateway.url + route)
        Check((ours, theirs) == (200, 200), f"{route}: {ours} in Orthanc, {theirs} of the daemon: {body[:300]!r}")
        if route != "/metrics":
            Check(set(json.loads(body)) == set(json.loads(their_body)), f"{route}: {body!r} but {their_body!r}")
    models, theirs = (json.loads(body)["models"] for body in (orthanc.Ask("GET", "/axial/api/models")[2],
                                                              harness.HttpGet(gateway.url + "/api/models")))
    Check(models == theirs, f"{models} but {theirs}")
    Check(len(orthanc.Get("/axial/api/studies?limit=1")["studies"]) <= 1, "limit is not observed")
    CheckProblem(orthanc, 400, "GET", "/axial/api/studies?limit=many", says="limit")
    CheckProblem(orthanc, 404, "GET", "/axial/api/nothing")
    CheckProblem(orthanc, 404, "GET", "/axial/api/studies/1.2.3")
    CheckProblem(orthanc, 400, "GET", "/axial/api/studies/x%2F..%2Fy%00", says="")


def RadiographSeries(orthanc, study):
    return next(one["ID"] for one in orthanc.Get(f"/studies/{study}/series") if one["MainDicomTags"]["Modality"] == "DX")


def CheckNonsense(orthanc, study):
    analyze = f"/axial/studies/{study}/analyze"
    for method, path, allowed in (("POST", "/axial/healthz", "GET"), ("DELETE", "/axial/api/studies", "GET"), ("PUT", "/axial", "GET"),
                                  ("GET", analyze, "POST"), ("DELETE", f"/axial/studies/{study}", "GET")):
        status, fields, _ = orthanc.Ask(method, path, b"" if method in ("POST", "PUT") else None)
        Check(status == 405 and fields["Allow"] == allowed, f"{method} {path}: {status}, Allow {fields.get('Allow')}")
    # A GET that Orthanc takes for another method brings its query along.
    status, _, body = orthanc.Ask("GET", f"{analyze}?model=dx-position&_method=DELETE")
    Check(status == 405, f"a GET in disguise answered {status}: {body!r}")
    CheckProblem(orthanc, 404, "POST", f"/axial/studies/{ABSENT}/analyze", b'{"model": "dx-position"}', "no such resource")
    CheckProblem(orthanc, 404, "GET", "/axial/studies/..;system")
    CheckProblem(orthanc, 404, "GET", "/axial/series/" + study)
    for body in (b"", b"{", b"[]", b"{}", b'{"model": 1}', b'{"model": ""}', b"model", b"model=%zz", b"\x00\xff", b'{"a":' * 50000,
                 json.dumps({"model": "x" * 300}).encode()):
        answer = CheckProblem(orthanc, 400, "POST", analyze, body)
        Check(b"dx-position" in answer or b"valid path" in answer, f"{body[:40]!r}: the models are not named: {answer!r}")
    CheckProblem(orthanc, 413, "POST", analyze, b" " * (1024 * 1024 + 1))
    CheckProblem(orthanc, 404, "POST", analyze, b'{"model": "dx-positions"}', "usable: chest-bands, chest-ct-lungs, dx-position")
    series = RadiographSeries(orthanc, study)
    CheckProblem(orthanc, 409, "POST", f"/axial/series/{series}/analyze", b'{"model": "chest-ct-lungs"}', "it is DX; the model takes CT", JSON)
    Check(orthanc.Get("/system") is not None, "Orthanc does not answer any more")


def CheckOnDemand(orthanc, study, radiograph, folder):
    """A model that no rule runs, by the study, which may get more Series yet; asked again, the same Job; then by the series and as a form."""
    Check(orthanc.Study(radiograph.study_uid)["revision_state"] == "open", "the study is complete: nothing is shown by this test")
    body = json.dumps({"model": "chest-bands"}).encode()
    status, _, answer = orthanc.Ask("POST", f"/axial/studies/{study}/analyze", body, JSON)
    Check(status == 202, f"analyze answered {status}: {answer!r}")
    jobs = json.loads(answer)["jobs"]
    Check(len(jobs) == 1 and "waits for the rest" in json.loads(answer)["outcome"], f"{answer!r}")
    status, _, answer = orthanc.Ask("POST", f"/axial/studies/{study}/analyze", b"model=chest-ct-lungs")
    Check(status == 202 and json.loads(answer)["jobs"] == [], f"a CT may come yet, but {status}: {answer!r}")
    WaitFor("the SEG of the model on demand", lambda: orthanc.InstancesOf(radiograph.study_uid, "SEG"), 180, [orthanc.process],
            describe=lambda: str(orthanc.Study(radiograph.study_uid)))
    (_, seg), = results.Fetch(orthanc, radiograph.study_uid, "SEG", folder)
    Check(results.MadeByAxial(seg) and seg.StudyInstanceUID == radiograph.study_uid, "the SEG is not ours")
    series = RadiographSeries(orthanc, study)
    status, _, answer = orthanc.Ask("POST", f"/axial/series/{series}/analyze", b"model=chest-bands")
    Check(status == 202 and json.loads(answer)["jobs"] == jobs, f"{status}: {answer!r} instead of job {jobs}")
    known = orthanc.Study(radiograph.study_uid)
    Check([request["model"] for request in known["requests"]].count("chest-bands") == 2, f"{known['requests']}")
    return series


def CheckPanelData(orthanc, study, series, radiograph):
    view = orthanc.Get(f"/axial/studies/{study}")
    Check(view["study"] == orthanc.Study(radiograph.study_uid), "the panel and the API differ")
    kinds = {result["kind"]: result for result in view["results"]}
    Check({"seg", "sr"} <= set(kinds), f"{view['results']}")
    for result in view["results"]:
        Check(orthanc.Get(f"/instances/{result['orthanc_instance']}")["MainDicomTags"]["SOPInstanceUID"] ==
              result["sop_instance_uid"], f"{result} names another instance")
        Check(orthanc.Get(f"/series/{view['series'][result['series_uid']]['orthanc_series']}") is not None, f"{result}")
    Check(orthanc.Get(f"/axial/series/{series}")["series_uid"] in view["series"], "the series' own panel")
    text = json.dumps(view)
    Check("Phantom^" not in text and "PatientName" not in text, "a patient's name is in the answer")


def CheckStrangeUids(orthanc, radiograph, folder):
    """Orthanc takes a study whose UIDs are none."""
    dataset = pydicom.dcmread(radiograph.files[0])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.PatientID = "../jobs", "study?x=1", "other"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = radiograph.study_uid + ".9"
    dataset.save_as(folder / "strange.dcm", write_like_original=False)
    status, _, answer = orthanc.Ask("POST", "/instances", (folder / "strange.dcm").read_bytes())
    Check(status == 200, f"Orthanc refused it: {answer!r}")
    taken = json.loads(answer)
    for resource in (f"studies/{taken['ParentStudy']}", f"series/{taken['ParentSeries']}"):
        CheckProblem(orthanc, 400, "GET", f"/axial/{resource}", says="UID")
        CheckProblem(orthanc, 400, "POST", f"/axial/{resource}/analyze", b"model=dx-position", "UID")


def CheckMetrics(orthanc):
    """Orthanc's own endpoint shows what ours shows."""
    ours = dict(line.rsplit(" ", 1) for line in orthanc.Ask("GET", "/axial/metrics")[2].decode().splitlines()
                if line and not line.startswith("#"))
    theirs = {name: value for name, value, _ in (line.rsplit(" ", 2) for line in
              orthanc.Ask("GET", "/tools/metrics-prometheus")[2].decode().splitlines() if line.startswith("axial_"))}
    Check(len(ours) > 10 and set(ours) == set(theirs), f"not in both: {set(ours) ^ set(theirs)}")
    name = 'axial_pipeline_instances_total{outcome="added"}'
    Check(float(theirs[name]) == float(ours[name]) >= 1, f"{name}: {ours[name]}, in Orthanc {theirs[name]}")


def CheckOlderStudy(workspace, binaries, models):
    """A study that was in Orthanc before Axial was; nothing is stored or becomes stable after that, and no rule matches."""
    folder = workspace.folder / "older"
    before = workspace.Own(orthanc_host.AskedOrthanc(folder / "pacs"))
    before.Start()
    radiograph = nodes.Phantom(binaries, folder / "dx", "dx", "--seed", "42")
    nodes.SendAll(radiograph.folder, before, folder / "send.log", len(radiograph.files))
    before.Stop()
    orthanc = workspace.Own(orthanc_host.OrthancWithAxial(folder, binaries, (nodes.CT_RULE,), models=models))
    orthanc.Start()
    study = orthanc.FindStudy(radiograph.study_uid)
    status, _, answer = orthanc.Ask("POST", f"/axial/studies/{study}/analyze", b"model=chest-bands")
    Check(status == 202, f"{status}: {answer!r}")
    WaitFor("the SEG of an older study", lambda: orthanc.InstancesOf(radiograph.study_uid, "SEG"), 180, [orthanc.process],
            describe=lambda: str(orthanc.Study(radiograph.study_uid)))
    jobs = orthanc.Study(radiograph.study_uid)["jobs"]
    Check([(job["rule"], job["model"]) for job in jobs] == [("on request", "chest-bands")], f"{jobs}")


def CheckWrongConfiguration(workspace, binaries):
    orthanc = workspace.Own(orthanc_host.OrthancWithAxial(workspace.folder / "wrong", binaries, (nodes.DX_RULE,)))
    orthanc.gateway.config.write_text("nodes: {}\n")
    orthanc.Start()
    status, _, body = orthanc.Ask("GET", "/axial/healthz")
    Check(status == 503 and "axial.yaml:1" in str(json.loads(body)["reasons"]), f"{status}: {body!r}")
    CheckProblem(orthanc, 503, "GET", "/axial/api/studies", says="/axial/healthz")
    Check(b"axial_" not in orthanc.Ask("GET", "/tools/metrics-prometheus")[2], "metrics of what does not run")


def Body(workspace, binaries):
    folder = workspace.folder
    models = viewer_models.MakeModels(binaries, folder / "models")
    # Nothing says for minutes that the study is complete.
    orthanc = workspace.Own(orthanc_host.OrthancWithAxial(folder, binaries, (nodes.DX_RULE,), ("radiologist", "secret"),
                                                          settings={"StableAge": 600}, models=models))
    orthanc.Start()
    CheckPassword(orthanc)
    gateway = workspace.Own(nodes.Gateway(folder / "daemon", binaries, None, ({**nodes.DX_RULE, "send_to": ["disk"]},),
                                            models=models, destinations={"disk": {"kind": "folder", "path": str(folder / "out")}}))
    gateway.Start()
    CheckSameApi(orthanc, gateway)
    radiograph = nodes.Phantom(binaries, folder / "dx", "dx", "--seed", "41")
    nodes.SendAll(radiograph.folder, orthanc, folder / "send.log", len(radiograph.files))
    WaitFor("the rule's report", lambda: orthanc.InstancesOf(radiograph.study_uid, "SR"), 180, [orthanc.process])
    study = orthanc.FindStudy(radiograph.study_uid)
    CheckNonsense(orthanc, study)
    series = CheckOnDemand(orthanc, study, radiograph, folder)
    CheckPanelData(orthanc, study, series, radiograph)
    CheckStrangeUids(orthanc, radiograph, folder)
    CheckMetrics(orthanc)
    CheckOlderStudy(workspace, binaries, models)
    CheckWrongConfiguration(workspace, binaries)


harness.RunTest(Body)
