"""When Series and Studies are complete, with real Associations of senders that nobody knows yet, and no `completion` configured.

No time is measured: what closed a Series says whether anybody had to wait for the backstop.
"""

import subprocess

import harness
import nodes
from harness import Check, WaitFor

CT = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")
BACKSTOPS = ("quiet", "at_most")


def Store(gateway, calling_ae_title, files, log, *options):
    """One Association that brings `files`; storescu's exit code."""
    with open(log, "ab") as out:
        return subprocess.run(["storescu", "-v", "-xs", *options, "-aet", calling_ae_title, "-aec", gateway.ae_title,
                               "127.0.0.1", str(gateway.dicom_port), *map(str, files)],
                              stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, timeout=120, check=False).returncode


def ClosedSeries(gateway, phantom):
    """The study's first Series closing, as the API shows it, or None."""
    for revision in (gateway.Study(phantom.study_uid) or {}).get("revisions", []):
        for closed in revision.get("series", []):
            if closed["closed_at"]:
                return closed
    return None


def CheckClosedWithoutBackstop(gateway, phantom, instances, evidence):
    closed = WaitFor("the Series to be complete", lambda: ClosedSeries(gateway, phantom), 120, [gateway.process],
                     describe=lambda: f"the study: {gateway.Study(phantom.study_uid)}")
    Check(closed["close_reason"] == "association_released" and closed["instances"] == instances, f"it was closed so: {closed}")
    Check(evidence in closed["evidence"], f"the evidence says '{closed['evidence']}', not '{evidence}'")


def CheckOneRevision(gateway, phantom, instances):
    """Complete in the end, and never before: one revision has every Instance."""
    def Closed():
        study = gateway.Study(phantom.study_uid) or {"revisions": []}
        return study if study["revisions"] and study["revisions"][-1]["closed_at"] else None
    study = WaitFor("the Study to be complete", Closed, 120, [gateway.process])
    Check(len(study["revisions"]) == 1 and study["instances"] == instances,
          f"{study['instances']} Instances in {len(study['revisions'])} revisions: {study['revisions']}")
    return study["revisions"][0]


def Body(workspace, binaries):
    folder, log = workspace.folder, workspace.folder / "modalities.log"
    pacs = workspace.Own(nodes.Orthanc(folder / "pacs", own_settings={"DicomAlwaysAllowFind": True}))
    pacs.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, pacs, completion=None, node={
        "peers": [*({"ae_title": name} for name in ("CT01", "CT02", "DX01", "CUTOFF")),
                  {"ae_title": "ARCHIVED", "completion": {"archive": "pacs"}},
                  {"ae_title": "EACHIMAGE", "completion": {"quiet": "20 s"}}]}))
    gateway.Start()
    made = {name: nodes.Phantom(binaries, folder / name, kind, "--seed", str(seed), *options)
            for seed, (name, kind, options) in enumerate((
                ("whole", "ct", CT), ("holed", "ct", CT), ("radiograph", "dx", ()), ("each", "ct", CT), ("cut", "ct", CT),
                ("archived", "ct", CT)), 11)}

    each, cut = made["each"], made["cut"]
    for file in each.files:  # its quiet time passes while the others are tried
        Check(Store(gateway, "EACHIMAGE", [file], log) == 0, f"{file} was not stored")
    Check(Store(gateway, "CUTOFF", cut.files[:19], log, "--abort") == 0, "the beginning of a Series was not stored")
    Check(Store(gateway, "CUTOFF", cut.files, log) == 0, "the Series was not stored the second time")
    CheckClosedWithoutBackstop(gateway, cut, len(cut.files), "Instance Numbers 1 to 48")

    whole, holed, radiograph = made["whole"], made["holed"], made["radiograph"]
    Check(Store(gateway, "CT01", whole.files, log) == 0, "the CT was not stored")
    CheckClosedWithoutBackstop(gateway, whole, len(whole.files), "Instance Numbers 1 to 48")
    Check(Store(gateway, "CT02", holed.files[:7] + holed.files[8:], log) == 0, "the CT with a hole was not stored")
    CheckClosedWithoutBackstop(gateway, holed, len(holed.files) - 1, "is missing")
    Check(Store(gateway, "DX01", radiograph.files, log) == 0, "the radiograph was not stored")
    CheckClosedWithoutBackstop(gateway, radiograph, 1, "released its Association")

    archived = made["archived"]
    nodes.SendAll(archived.folder, pacs, log, len(archived.files))
    for file in archived.files:
        Check(Store(gateway, "ARCHIVED", [file], log) == 0, f"{file} was not stored")
    revision = CheckOneRevision(gateway, archived, len(archived.files))
    Check((revision["close_reason"], revision["evidence"]) == ("archive_count", "48 Instances in 1 Series, as pacs has them"),
          f"the archive told how many there are, but: {revision}")

    Check(CheckOneRevision(gateway, each, len(each.files))["close_reason"] in BACKSTOPS, "a sender of single images is known at once")
    for phantom in (whole, radiograph):
        gateway.WaitForJobs(phantom.study_uid, "delivered")


if __name__ == "__main__":
    harness.RunTest(Body)
