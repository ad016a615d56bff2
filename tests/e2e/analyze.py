"""`axial analyze` writes what the gateway sends: the same objects, with the same UIDs, for each destination's `results`.

A CT with segments and a radiograph with an answer go through a gateway with two folder destinations and through `axial
analyze`; the files must have the same SOP Instance UIDs and be the same data sets but for the moment they were written.
"""

import os
import re
import shutil
import signal
import subprocess

import pydicom

import harness
import nodes
from harness import Check

MOMENT = ("InstanceCreationDate", "InstanceCreationTime", "SeriesDate", "SeriesTime", "ContentDate", "ContentTime",
          "StructureSetDate", "StructureSetTime", "PresentationCreationDate", "PresentationCreationTime")
RICH = {"segmentation": "labelmap", "compression": "rle", "report": "enhanced",
        "also": ["secondary_capture", "presentation_state", "rt_structure_set", "pdf", "key_objects"],
        "banner": "Research only", "first_series_number": 501}


def TextOfPage(pdf):
    """What a reader sees on it, without the moment it was written."""
    answer = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=False)
    Check(answer.returncode == 0 and answer.stdout.strip(), f"pdftotext reads nothing: {answer.stderr!r}")
    text, moments = re.subn(rb"\d{4}-\d\d-\d\d \d\d:\d\d", b"", answer.stdout)
    Check(moments == 1, f"the page names {moments} moments: {answer.stdout.decode()}")
    return text


class NoPacs:
    """Nobody listens there; nothing is sent to it."""

    ae_title = "NOBODY"
    dicom_port = 1


def ByInstance(folder):
    """{SOP Instance UID: data set without the moment it was written} of every file below `folder`."""
    found = {}
    for path in sorted(folder.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        for keyword in MOMENT:
            if keyword in dataset:
                del dataset[keyword]
        if "EncapsulatedDocument" in dataset:
            dataset.EncapsulatedDocument = TextOfPage(dataset.EncapsulatedDocument)
            del dataset.EncapsulatedDocumentLength
        Check(dataset.SOPInstanceUID not in found, f"{path}: the Instance {dataset.SOPInstanceUID} is there twice")
        found[dataset.SOPInstanceUID] = dataset
    return found


def Analyze(gateway, model, phantom, out, *options):
    command = [gateway.program, "analyze", "--model", harness.ROOT / "models" / model, "--in", phantom.folder, "--out", out,
               *options]
    return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)


def CheckSame(sent, written, what):
    Check(sent.keys() == written.keys(),
          f"{what}: only the gateway made {[(u, d.SOPClassUID.name) for u, d in sent.items() if u not in written]}, only "
          f"axial analyze {[(u, d.SOPClassUID.name) for u, d in written.items() if u not in sent]}")
    for uid, dataset in sent.items():
        differing = [str(element.tag) for element in dataset if element != written[uid].get(element.tag)]
        differing += [str(element.tag) for element in written[uid] if element.tag not in dataset]
        Check(not differing, f"{what}: {dataset.SOPClassUID.name} differs in {differing}")
    print(f"{what}: {len(sent)} objects, the same: {sorted({dataset.SOPClassUID.name for dataset in sent.values()})}")


def CheckRefusals(gateway, phantom, folder):
    config = ["--config", gateway.config]
    broken = folder / "broken.yaml"
    broken.write_text("destinations: {pacs: {kind: dicom, results: {report: shiny}}}\n")
    for options, reason in (
            ([*config, "--destination", "ritch"], "did you mean 'rich'?"),
            ([*config, "--destination", "\x01\xff"], "it has pacs, plain, rich"),
            ([*config, "--destination", ""], "go together"),
            (config, "--config requires --destination"),
            (["--destination", "rich"], "--destination requires --config"),
            (["--config", folder / "absent.yaml", "--destination", "rich"], "absent.yaml"),
            (["--config", phantom.files[0], "--destination", "rich"], "this is not YAML"),
            (["--config", broken, "--destination", "pacs"], "broken.yaml:1: 'destinations.pacs.results.report' cannot be")):
        answer = Analyze(gateway, "dx-position", phantom, folder / "refused", *options)
        Check(answer.returncode != 0 and reason in answer.stderr + answer.stdout,
              f"{options}: exit code {answer.returncode}, '{reason}' is not in:\n{answer.stderr}{answer.stdout}")
    Check(not (folder / "refused").exists(), "a refused call wrote something")


def TwoSeries(phantom, folder):
    """The phantom's Series twice in a study, as Series 3 and 10: neither UIDs nor paths are in that order."""
    for name, number, root in (("z", 3, "2.25.9"), ("a", 10, "2.25.1")):
        (folder / name).mkdir(parents=True)
        for position, path in enumerate(phantom.files):
            dataset = pydicom.dcmread(path)
            dataset.StudyInstanceUID = "2.25.5"
            dataset.SeriesInstanceUID = root
            dataset.SeriesNumber = number
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{root}.{position + 1}"
            dataset.save_as(folder / name / path.name)


def CheckTwoSeries(gateway, phantom, folder):
    """Each has Series Numbers of its own, the same ones as from the gateway."""
    folder.mkdir()
    TwoSeries(phantom, folder / "in")
    for name in ("z", "a"):
        nodes.SendAll(folder / "in" / name, gateway, folder / "send.log", len(phantom.files))
    gateway.WaitForJobs("2.25.5", "delivered", 2)
    out = folder / "out"
    answer = subprocess.run([str(part) for part in (
        gateway.program, "analyze", "--model", harness.ROOT / "models" / "chest-ct-lungs", "--in", folder / "in",
        "--out", out)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    Check(answer.returncode == 0, f"axial analyze failed:\n{answer.stderr}")
    written = ByInstance(out)
    numbers = sorted(int(dataset.SeriesNumber) for dataset in written.values())
    Check(numbers == [9001, 9002, 9021, 9022], f"the results of two Series have the Series Numbers {numbers}")
    sent = {uid: dataset for uid, dataset in ByInstance(gateway.folder.parent / "plain").items()
            if dataset.StudyInstanceUID == "2.25.5"}
    CheckSame(sent, written, "two Series of one study")


def CheckGoesOnAfterCrash(workspace, binaries, program, phantom):
    """Of two Series the worker dies in the first; the second has its result."""
    folder = workspace.folder / "two"
    nodes.Phantom(binaries, folder / "in" / "second", "ct", "--seed", "43", "--slices", "40")
    shutil.copytree(phantom.folder, folder / "in" / "first")
    analyze = workspace.Own(harness.Process("axial analyze", [
        program, "analyze", "--model", harness.ROOT / "models" / "chest-ct-lungs", "--in", folder / "in", "--out", folder / "out"],
        folder / "analyze.log"))
    worker = []

    def Runs():
        worker[:] = harness.WorkersOf(analyze)
        return worker and "series " in analyze.Tail()
    harness.WaitFor("the first Series to run", Runs, 60, [analyze])
    os.kill(worker[0], signal.SIGKILL)
    harness.WaitFor("axial analyze to end", lambda: analyze.ExitCode() is not None, 240)
    log = (folder / "analyze.log").read_text()
    Check(analyze.ExitCode() == 1, f"exit code {analyze.ExitCode()}:\n{log}")
    made = [dataset.Modality for dataset in ByInstance(folder / "out").values()]
    Check(sorted(made) == ["SEG", "SR", "SR"], f"made {made}, expected a report of the failure, and SEG and SR:\n{log}")


def Body(workspace, binaries):
    folder = workspace.folder
    rules = tuple({**rule, "send_to": ["plain", "rich"]} for rule in (nodes.CT_RULE, nodes.DX_RULE))
    gateway = workspace.Own(nodes.Gateway(
        folder / "axial", binaries, NoPacs(), rules,
        destinations={"plain": {"kind": "folder", "path": str(folder / "plain")},
                      "rich": {"kind": "folder", "path": str(folder / "rich"), "results": RICH}}))
    gateway.Start()
    phantoms = {"chest-ct-lungs": nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "41", "--slices", "40",
                                                  "--slice-spacing", "5", "--slice-thickness", "5"),
                "dx-position": nodes.Phantom(binaries, folder / "dx", "dx", "--seed", "42")}
    for model, phantom in phantoms.items():
        nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
        gateway.WaitForJobs(phantom.study_uid, "delivered")
        for name, options in (("plain", []), ("rich", ["--config", gateway.config, "--destination", "rich"])):
            out = folder / "analyze" / f"{model}-{name}"
            answer = Analyze(gateway, model, phantom, out, *options)
            Check(answer.returncode == 0, f"axial analyze failed:\n{answer.stderr}")
            sent = {uid: dataset for uid, dataset in ByInstance(folder / name).items()
                    if dataset.StudyInstanceUID == phantom.study_uid}
            Check(sent, f"nothing in {folder / name}")
            CheckSame(sent, ByInstance(out), f"{model} for {name}")
    CheckTwoSeries(gateway, phantoms["chest-ct-lungs"], folder / "pair")
    CheckRefusals(gateway, phantoms["dx-position"], folder)
    CheckGoesOnAfterCrash(workspace, binaries, gateway.program, phantoms["chest-ct-lungs"])


harness.RunTest(Body)
