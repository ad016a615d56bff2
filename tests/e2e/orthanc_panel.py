"""The panel in Orthanc Explorer, in headless Chromium: state, verdicts, results, "run model", on the study and series pages.

The patient, the series, a rule and a model have names that are HTML with a script: they must be shown as they are written.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import harness
import nodes
import orthanc_host
import viewer_models
from harness import Check, WaitFor

HOSTILE = '<img src=x onerror="window.hacked={}">'
SERIES = "</td><svg onload=window.hacked='series'>"
TITLE = "<img src=x onerror=window.hacked=4>"
LOGIN = ("radiologist", "secret")
NOT_MATCHED = {"name": HOSTILE.format("'not'"), "when": {"Modality": "CT"}, "run": "chest-ct-lungs", "send_to": ["pacs"]}
MATCHED = {**nodes.DX_RULE, "name": HOSTILE.format("'rule'")}


def MakeModels(binaries, folder):
    """As viewer_models; what the model on demand makes is called by a script."""
    models = viewer_models.MakeModels(binaries, folder)
    card = models / "chest-bands" / "model.yaml"
    text = card.read_text()
    Check("algorithm: {name: Chest fields," in text, "the model's card is another one now")
    card.write_text(text.replace("algorithm: {name: Chest fields,", f"algorithm: {{name: {json.dumps(TITLE)},"))
    return models


def StartBroken(workspace, binaries, study):
    """{url, study} of an Orthanc with the same login and the study, whose Axial has a wrong configuration."""
    orthanc = workspace.Own(orthanc_host.OrthancWithAxial(workspace.folder / "broken", binaries, (MATCHED,), LOGIN))
    orthanc.gateway.config.write_text(f"{json.dumps(HOSTILE.format(5))}: 1\n")
    orthanc.Start()
    nodes.SendAll(study.folder, orthanc, workspace.folder / "send-broken.log", len(study.files))
    return {"url": orthanc.url, "study": orthanc.FindStudy(study.study_uid)}


def Use(orthanc, study, series, broken, pictures):
    wish = {"broken": broken, "url": orthanc.url, "user": orthanc.user, "study": study, "series": series, "model": "chest-bands", "result": "SEG",
            "pictures": pictures}
    answer = subprocess.run([shutil.which("node"), harness.ROOT / "tests/e2e/orthanc_panel.mjs", harness.PEERS, json.dumps(wish)],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=400)
    pathlib.Path(f"{pictures}.json").write_text(answer.stdout)
    Check(answer.returncode == 0, f"Chromium did not do it: {answer.stderr}")
    return json.loads(answer.stdout)


def CheckSafe(name, panel):
    Check(panel["hacked"] is None, f"{name}: the script of {panel['hacked']!r} ran")
    foreign = set(panel["elements"]) - {"div", "h4", "table", "tbody", "tr", "th", "td", "ul", "li", "a", "select", "option",
                                        "button", "span"}
    Check(not foreign, f"{name}: elements that the panel does not make: {foreign}")


def CheckVerdicts(name, panel):
    rules = panel["sections"]["Rules"]
    for rule, matched in ((MATCHED["name"], "yes"), (NOT_MATCHED["name"], "no")):
        row = next((line for line in rules.splitlines() if rule in line), None)
        Check(row and f"\t{matched}\t" in row and SERIES in row, f"{name}: no such verdict on {rule!r}: {rules!r}")
    Check("Modality" in next(line for line in rules.splitlines() if NOT_MATCHED["name"] in line), f"{name}: no reason: {rules!r}")


def Body(workspace, binaries):
    missing = harness.MissingPeers(("node",), ("node", "chromium"))
    if missing:
        harness.Skip(f"the panel in Orthanc Explorer: {missing}")
    folder = workspace.folder
    orthanc = workspace.Own(orthanc_host.OrthancWithAxial(
        folder, binaries, (NOT_MATCHED, MATCHED), LOGIN, models=MakeModels(binaries, folder / "models")))
    orthanc.Start()
    radiograph = nodes.Phantom(binaries, folder / "dx", "dx", "--seed", "43", "--patient-name", HOSTILE.format("'patient'"),
                                 "--series-description", SERIES)
    nodes.SendAll(radiograph.folder, orthanc, folder / "send.log", len(radiograph.files))
    WaitFor("the rule's report", lambda: orthanc.InstancesOf(radiograph.study_uid, "SR"), 180, [orthanc.process])
    study = orthanc.FindStudy(radiograph.study_uid)
    # The report itself comes back as a new series of the study; what follows looks at a study that is at rest.
    WaitFor("the study to be at rest", lambda: orthanc.Study(radiograph.study_uid)["revision_state"] == "routed", 60,
            [orthanc.process])
    series = next(one["ID"] for one in orthanc.Get(f"/studies/{study}/series") if one["MainDicomTags"]["Modality"] == "DX")

    artefacts = pathlib.Path(sys.argv[2])
    artefacts.mkdir(parents=True, exist_ok=True)
    broken = StartBroken(workspace, binaries, radiograph)
    seen = Use(orthanc, study, series, broken, str(artefacts / "orthanc_panel"))
    CheckSafe("broken", seen["broken"])
    Check(seen["broken"]["button"] == "AI: not available" and "GET /axial/healthz says" in seen["broken"]["headline"],
          f"{seen['broken']}")
    for name in ("study", "asked", "finished", "series"):
        CheckSafe(name, seen[name])
        CheckVerdicts(name, seen[name])
    before, asked, finished = seen["study"], seen["asked"], seen["finished"]
    Check(before["button"] == "AI: done" and before["headline"] == "1 analysis finished.", f"{before}")
    Check([link.split()[0] for link in before["links"]] == ["SR"], f"results: {before['links']}")
    Check(before["models"] == ["chest-bands", "dx-position"], f"models for a radiograph: {before['models']}")
    Check(asked["answer"] == "chest-bands runs on 1 Series", f"{asked['answer']}")
    Check(finished["headline"] == "2 analyses finished.", f"{finished}")
    Check(any(link.startswith("SEG #") and TITLE in link for link in finished["links"]), f"results: {finished['links']}")
    linked = orthanc.Get("/series/" + seen["result"].split("uuid=")[1])
    Check(linked["MainDicomTags"]["Modality"] == "SEG" and linked["ParentStudy"] == study, f"the link leads to {linked}")
    Check(seen["series"]["links"] == finished["links"], f"the series' panel: {seen['series']}")


harness.RunTest(Body)
