"""A slice that comes late makes a revision whose results replace the earlier ones, and say so; sending again makes nothing.

The PACS has both afterwards: the new report names the old one (Predecessor Documents, PS3.3 C.17.2), the new Segmentation
names the one it replaces (Derivation Description), and the API shows which job supersedes which.
"""

import shutil

import pydicom

import harness
import nodes
import results
from harness import Check, HttpGetJson


def SplitLate(phantom, folder):
    """The phantom's files in two folders: the last slice along the stack, and all others, which are a regular stack too."""
    by_position = sorted(phantom.files, key=lambda file: float(
        pydicom.dcmread(file, stop_before_pixels=True).ImagePositionPatient[2]))
    for name, files in (("first", by_position[:-1]), ("late", by_position[-1:])):
        (folder / name).mkdir()
        for file in files:
            shutil.copy(file, folder / name)
    return folder / "first", folder / "late"


def SendAgain(gateway, phantom, folders, log, revisions):
    """The same bytes once more: accepted, and no revision is opened for them."""
    for folder in folders:
        nodes.SendAll(folder, gateway, log)
    study = gateway.Study(phantom.study_uid)
    Check([revision["state"] for revision in study["revisions"]] == ["routed"] * revisions,
          f"sending the same again opened a revision: {study['revisions']}")
    Check(len(study["jobs"]) == revisions, f"sending the same again made a job: {study['jobs']}")


def Only(found, known):
    """The one data set of `found` whose UID is not in `known`."""
    new = [dataset for _, dataset in found if dataset.SOPInstanceUID not in known]
    Check(len(new) == 1 and len(found) == len(known) + 1, f"{len(new)} of {len(found)} objects are new, not 1")
    return new[0]


def CheckReplaces(report, segmentation, old_report, old_segmentation):
    study, = report.PredecessorDocumentsSequence
    series, = study.ReferencedSeriesSequence
    named, = series.ReferencedSOPSequence
    Check((study.StudyInstanceUID, series.SeriesInstanceUID, named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID) ==
          (old_report.StudyInstanceUID, old_report.SeriesInstanceUID, old_report.SOPClassUID, old_report.SOPInstanceUID),
          f"the new report replaces {named.ReferencedSOPInstanceUID}, not {old_report.SOPInstanceUID}")
    Check(segmentation.DerivationDescription == f"Replaces {old_segmentation.SOPInstanceUID}",
          f"the new Segmentation says: {segmentation.DerivationDescription}")
    for new, old in ((report, old_report), (segmentation, old_segmentation)):
        Check(new.SeriesInstanceUID != old.SeriesInstanceUID, f"the new {new.Modality} is in the old one's series")
        Check(new.SeriesNumber > old.SeriesNumber, f"Series Number {new.SeriesNumber} does not follow {old.SeriesNumber}")
        Check("revised" in new.SeriesDescription and "revised" not in old.SeriesDescription,
              f"'{old.SeriesDescription}' became '{new.SeriesDescription}'")
    for dataset in (old_report, old_segmentation):
        Check("PredecessorDocumentsSequence" not in dataset and "Replaces" not in dataset.get("DerivationDescription", ""),
              f"the first {dataset.Modality} replaces something")


def CheckApi(gateway, phantom):
    old, new = gateway.WaitForJobs(phantom.study_uid, "delivered", 2)
    Check((old["revision"], new["revision"]) == (1, 2), f"revisions {old['revision']} and {new['revision']}")
    Check(old["superseded_by"] == new["id"] and old["supersedes"] == [], f"the old job: {old}")
    Check(new["supersedes"] == [old["id"]] and new["superseded_by"] is None, f"the new job: {new}")
    timeline = [event["kind"] for event in gateway.Study(phantom.study_uid)["timeline"]]
    Check(timeline.count("job_superseded") == 1, f"the timeline: {timeline}")
    gateway.Act("POST", f"/api/jobs/{old['id']}/retry", 409)
    listed = {job["id"]: job for job in HttpGetJson(gateway.url + "/api/jobs")["jobs"]}
    Check(listed[old["id"]]["superseded_by"] == new["id"], "/api/jobs does not show what supersedes the old job")


def Body(workspace, binaries):
    folder = workspace.folder
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    # What another destination got, in other forms, is no predecessor of what the PACS gets.
    gateway = workspace.Own(nodes.Gateway(
        folder / "axial", binaries, orthanc, ({**nodes.CT_RULE, "send_to": ["pacs", "other"]},),
        destinations={"other": {"kind": "folder", "path": str(folder / "other"),
                                "results": {"segmentation": "labelmap", "report": "enhanced"}}}))
    gateway.Start()
    phantom = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "61", "--slices", "40", "--slice-spacing", "5",
                              "--slice-thickness", "5")
    first, late = SplitLate(phantom, folder)
    log = folder / "send.log"

    nodes.SendAll(first, gateway, log)
    gateway.WaitForJobs(phantom.study_uid, "delivered")
    (_, old_segmentation), = results.Fetch(orthanc, phantom.study_uid, "SEG", folder)
    (_, old_report), = results.Fetch(orthanc, phantom.study_uid, "SR", folder)
    SendAgain(gateway, phantom, [first], log, 1)

    nodes.SendAll(late, gateway, log)
    CheckApi(gateway, phantom)
    segmentation = Only(results.Fetch(orthanc, phantom.study_uid, "SEG", folder), [old_segmentation.SOPInstanceUID])
    report = Only(results.Fetch(orthanc, phantom.study_uid, "SR", folder), [old_report.SOPInstanceUID])
    CheckReplaces(report, segmentation, old_report, old_segmentation)
    print(f"{segmentation.SeriesDescription}: {segmentation.DerivationDescription}")

    SendAgain(gateway, phantom, [first, late], log, 2)
    Check(len(orthanc.Get("/instances")) == 4, "there are more results in the PACS than two of each")


harness.RunTest(Body)
