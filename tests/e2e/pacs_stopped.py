"""The PACS is down while a study is analysed: the reason is shown, nothing is lost, and it gets SEG and SR once, by itself."""

import harness
import nodes
import results
from harness import Check, WaitFor

SMALL = ("--rows", "128", "--columns", "128", "--slices", "48", "--slice-spacing", "5")


def Body(workspace, binaries):
    folder = workspace.folder
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, orthanc, (nodes.CT_RULE,)))
    gateway.Start()
    phantom = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "51", *SMALL)
    orthanc.Stop()

    nodes.SendAll(phantom.folder, gateway, folder / "send.log", len(phantom.files))
    destination = WaitFor("the destination to be shown as failing", lambda: Failing(gateway), 240, [gateway.process],
                          describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")
    print(f"owed: {destination['owed']}, reason: {destination['last_error']}")
    Check(destination["owed"] == 2, f"SEG and SR should be owed: {destination}")
    health = gateway.Health()
    Check((health["http_status"], health["status"]) == (200, "degraded"), f"/healthz: {health}")
    Check(any("destination pacs: failing since" in reason for reason in health["reasons"]), f"/healthz: {health}")
    study = WaitFor("the reason with the delivery", lambda: WithReason(gateway.Study(phantom.study_uid)), 30,
                    [gateway.process], describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")
    Check([job["state"] for job in study["jobs"]] == ["produced"], f"the job: {study['jobs']}")

    orthanc.Start()  # the same ports and the same storage
    WaitFor("every delivery to be confirmed", lambda: Confirmed(gateway.Study(phantom.study_uid)), 240,
            [gateway.process, orthanc.process],
            describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")
    for modality in ("SEG", "SR"):
        objects = results.Fetch(orthanc, phantom.study_uid, modality, folder)
        Check(len(objects) == 1, f"the PACS has {len(objects)} {modality} objects of the study instead of one")
    study = gateway.Study(phantom.study_uid)
    Check([job["state"] for job in study["jobs"]] == ["delivered"], f"the job: {study['jobs']}")
    Check(study["jobs"][0]["attempt"] == 1, f"the model ran again for want of a PACS: {study['jobs']}")
    Check(gateway.Health()["status"] == "ok", f"/healthz still complains: {gateway.Health()}")


def Failing(gateway):
    destination, = harness.HttpGetJson(gateway.url + "/api/destinations")["destinations"]
    return destination if destination["state"] == "failing" and destination["last_error"] else None


def WithReason(study):
    pending = [row for row in study["deliveries"] if row["state"] == "pending"]
    return study if len(pending) == 2 and any(nodes.ErrorOf(row) for row in pending) else None


def Confirmed(study):
    return all(row["state"] == "confirmed" for row in study["deliveries"])


harness.RunTest(Body)
