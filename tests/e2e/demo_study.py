"""scripts/demo --study: one's own files, also anonymised ones among other things; and what it says when there are none."""

import subprocess

import pydicom

import harness
import nodes
from harness import Check


def Demo(binaries, *arguments):
    """(exit code, what it said)"""
    done = subprocess.run([harness.ROOT / "scripts" / "demo", "--once", "--no-build", "--deadline", "300", "--binaries",
                           binaries, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def Anonymise(path, number):
    """As tools do that know nothing of DICOM's rules: without SOP Instance UIDs, the others not even UIDs."""
    dataset = pydicom.dcmread(path)
    dataset.SOPInstanceUID = ""
    dataset.StudyInstanceUID = "study-of-subject-2"
    dataset.SeriesInstanceUID = "series-1"
    del dataset.FrameOfReferenceUID
    dataset.save_as(path.parent / f"{number}.dcm", write_like_original=True)
    path.unlink()


def Body(workspace, binaries):
    empty = workspace.folder / "empty"
    empty.mkdir()
    for study, said in ((empty, "no DICOM file with a Study Instance UID in it"),
                        (workspace.folder / "missing", "there is no such folder"),
                        (__file__, "not a folder")):
        code, text = Demo(binaries, "--study", study)
        Check(code != 0 and f"--study {study}: {said}" in text, f"--study {study} ended with {code} and said:\n{text}")

    phantom = nodes.Phantom(binaries, workspace.folder / "mine", "ct")
    for number, path in enumerate(phantom.files):
        Anonymise(path, number)
    (phantom.folder / "below").mkdir()
    (phantom.folder / "below" / "notes.txt").write_text("not DICOM")
    code, text = Demo(binaries, "--study", phantom.folder)
    Check(code == 0, f"--study ended with {code}:\n{text}")
    for said in (f"{len(phantom.files)} had a UID missing or malformed", "Segmentation Storage", "Left lung"):
        Check(said in text, f"it does not say '{said}':\n{text}")


harness.RunTest(Body)
