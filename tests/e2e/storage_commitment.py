"""A modality asks Axial whether its images are stored safely (Storage Commitment Push Model), and hears the truth: on the
Association that asked or on one that Axial opens, also when it was not listening at first, and when Axial was killed
before, while and after it answered.

Arguments: build/bin, then the crash point to be killed at, or nothing for the run without one."""

import sys

from harness import Check, FreePort, HttpGetJson, HttpPostJson, RunTest, WaitFor
from nodes import CT_RULE, Gateway, Orthanc
from modality_peer import (COMMITMENT_CLASS, COMMITMENT_INSTANCE, CT, MakeImage, MakeRequest, Ask, Modality, ModalityPython,
                           Release, SECONDARY_CAPTURE)

STUDY = "1.2.826.0.1.3680043.8.498.77"
NO_SUCH_INSTANCE, CLASS_CONFLICT = 0x0112, 0x0119


def Own(number):
    return SECONDARY_CAPTURE, f"{STUDY}.1.{number}"


def Commitments(gateway):
    return HttpGetJson(gateway.url + "/api/commitments", 5)["commitments"]


def CheckAnswer(answer, how, transaction, outcome):
    Check(answer is not None, f"no answer to {transaction}")
    Check(answer[0] == how, f"the answer to {transaction} came on the {answer[0]} Association")
    Check(answer[3] == transaction, f"an answer to {answer[3]}, expected one to {transaction}")
    Check(answer[2] == outcome, f"{transaction}: {answer[2]}, expected {outcome}")
    Check(answer[1] == (2 if any(outcome.values()) else 1), f"{transaction}: Event Type ID {answer[1]}")


def CheckReported(gateway, transaction, told_on, failures):
    def Row():
        rows = [row for row in Commitments(gateway) if row["transaction_uid"] == transaction]
        return rows and rows[0]["state"] == "reported" and rows[0]
    row = WaitFor(f"{transaction} to be reported", Row, 30, [gateway.process],
                  describe=lambda: str(Commitments(gateway)))
    Check(row["told_on"] == told_on and row["failures"] == failures, f"/api/commitments: {row}")


def TestSameAssociation(gateway, modality):
    """A peer that keeps its Association open is told there: what is stored, what is not, what is something else, and
    what was refused."""
    unreadable = MakeImage(STUDY, 9)
    del unreadable.StudyInstanceUID
    Check(modality.Store([MakeImage(STUDY, number) for number in (1, 2, 3)] + [unreadable]) == [0, 0, 0, 0xC000],
          "the images were not stored as expected")
    expected = {Own(1): None, Own(2): None, (CT, f"{STUDY}.1.3"): CLASS_CONFLICT, Own(4): NO_SUCH_INSTANCE,
                Own(9): NO_SUCH_INSTANCE}
    association = modality.Associate(COMMITMENT_CLASS)
    Check(Ask(association, MakeRequest("1.2.3.1", expected)) == (0, ""), "the request was refused")
    CheckAnswer(modality.Answer(), "same", "1.2.3.1", expected)
    # Learned: told there at once, and a second time when asked again.
    Check(Ask(association, MakeRequest("1.2.3.1", expected)) == (0, ""), "the repeated request was refused")
    CheckAnswer(modality.Answer(), "same", "1.2.3.1", expected)
    Release(association)
    CheckReported(gateway, "1.2.3.1", "same_association", {"0112": 2, "0119": 1})


def TestNewAssociation(gateway, modality):
    """A peer that releases at once is told on an Association that Axial opens, as its SCP; later ones, too."""
    for transaction in ("1.2.3.2", "1.2.3.3"):
        association = modality.Associate(COMMITMENT_CLASS)
        Check(Ask(association, MakeRequest(transaction, [Own(1), Own(3)]))[0] == 0, "the request was refused")
        Release(association)
        CheckAnswer(modality.Answer(), "new", transaction, {Own(1): None, Own(3): None})
        CheckReported(gateway, transaction, "new_association", {})


def TestListensLater(gateway, modality):
    """Nobody listens, then somebody who cannot take it, then one who can: told once it is taken, over a kill -9."""
    modality.Stop()
    association = modality.Associate(COMMITMENT_CLASS)
    Check(Ask(association, MakeRequest("1.2.3.4", [Own(2)]))[0] == 0, "the request was refused")
    Release(association)
    WaitFor("a first attempt", lambda: any(row["transaction_uid"] == "1.2.3.4" and row["attempt"] and row["error"]
                                           for row in Commitments(gateway)), 60, [gateway.process])
    gateway.process.Kill()
    gateway.Start()
    modality.answer_status = 0x0110
    modality.Listen()
    CheckAnswer(modality.Answer(), "new", "1.2.3.4", {Own(2): None})
    modality.answer_status = 0x0000
    CheckAnswer(modality.Answer(), "new", "1.2.3.4", {Own(2): None})
    CheckReported(gateway, "1.2.3.4", "new_association", {})
    Check(modality.Answer(1) is None, "it was told again after it was confirmed")


def TestWrongRequests(gateway, modality):
    """Each is refused with its reason, and the Association goes on."""
    import pydicom
    association = modality.Associate(COMMITMENT_CLASS)
    good = MakeRequest("1.2.3.5", [Own(1)])
    Check(Ask(association, good, action=2)[0] == 0x0123, "an unknown action was not refused")
    Check(Ask(association, good, instance="1.2.3")[0] == 0x0112, "another Instance was not refused")
    empty = pydicom.Dataset()
    empty.TransactionUID = "1.2.3.5"
    for wrong in (empty, MakeRequest("", [Own(1)]), MakeRequest("1.2.3.5", [(SECONDARY_CAPTURE, "")])):
        status, comment = Ask(association, wrong)
        Check(status == 0x0115 and comment, f"a wrong request was answered {status:04X} {comment}")
    many = MakeRequest("1.2.3.5", [Own(1)] * 50001)
    Check(Ask(association, many)[0] == 0x0213, "too many references were not refused")
    status, _ = association.send_n_get([(0x0008, 0x0018)], COMMITMENT_CLASS, "1.2.3")
    Check(status.Status == 0x0211, "N-GET was not refused")
    Check(not [row for row in Commitments(gateway) if row["transaction_uid"] == "1.2.3.5"], "a wrong request was kept")
    Check(Ask(association, good)[0] == 0, "the right request was refused")
    CheckAnswer(modality.Answer(), "same", "1.2.3.5", {Own(1): None})
    Release(association)


def TestManyReferences(modality):
    """20,000 Instances, of which few are there, are answered in one message."""
    references = [Own(number) for number in range(1, 20001)]
    association = modality.Associate(COMMITMENT_CLASS)
    Check(Ask(association, MakeRequest("1.2.3.6", references))[0] == 0, "the request was refused")
    CheckAnswer(modality.Answer(), "same", "1.2.3.6",
                {one: None if index < 3 else NO_SUCH_INSTANCE for index, one in enumerate(references)})
    Release(association)


def TestCrash(gateway, modality, point):
    """Killed at any state of a request, Axial answers it once: what it acknowledged, and what it was about to."""
    gateway.Stop()
    gateway.Start({"AXIAL_CRASH_AT": point})
    modality.Store([MakeImage(STUDY, 1)])
    association = modality.Associate(COMMITMENT_CLASS)
    request = MakeRequest("1.2.3.7", [Own(1), Own(2)])
    if point == "commitment_requested":
        association.send_n_action(request, 1, COMMITMENT_CLASS, COMMITMENT_INSTANCE)  # its response never comes
    else:
        Check(Ask(association, request)[0] == 0, "the request was not acknowledged")
    if point in ("commitment_reporting", "commitment_reported"):
        Release(association)
    WaitFor("axial to be killed", lambda: gateway.process.ExitCode() is not None, 60)
    told = point == "commitment_reported"
    if not told:
        Check(modality.Answer(0.1) is None, f"an answer came before {point}")
    gateway.Start()
    CheckAnswer(modality.Answer(), "new", "1.2.3.7", {Own(1): None, Own(2): NO_SUCH_INSTANCE})
    CheckReported(gateway, "1.2.3.7", "new_association", {"0112": 1})
    Check(modality.Answer(1) is None, "it was told again after it was confirmed")


def TestOrthanc(gateway, orthanc):
    """Orthanc as a Storage Commitment SCU: it releases, and takes the answer on the Association that Axial opens."""
    def Request(references):
        body = {"DicomInstances": [{"SOPClassUID": sop_class, "SOPInstanceUID": instance}
                                   for sop_class, instance in references]}
        return HttpPostJson(f"{orthanc.url}/modalities/axial/storage-commitment", body)["ID"]

    def Outcome(request, status):
        report = f"/storage-commitment/{request}"
        return WaitFor(f"Orthanc to know that {request} is a {status}",
                       lambda: (orthanc.Get(report) or {}).get("Status") == status and orthanc.Get(report), 60,
                       [orthanc.process, gateway.process], describe=lambda: str(orthanc.Get(report)))

    outcome = Outcome(Request([Own(1), Own(2)]), "Success")
    Check({one["SOPInstanceUID"] for one in outcome["Success"]} == {Own(1)[1], Own(2)[1]}, f"Orthanc: {outcome}")
    outcome = Outcome(Request([Own(1), Own(4), (CT, Own(2)[1])]), "Failure")
    Check([one["SOPInstanceUID"] for one in outcome["Success"]] == [Own(1)[1]], f"Orthanc: {outcome}")
    Check({one["SOPInstanceUID"]: one["FailureReason"] for one in outcome["Failures"]} ==
          {Own(4)[1]: NO_SUCH_INSTANCE, Own(2)[1]: CLASS_CONFLICT}, f"Orthanc: {outcome}")


def Body(workspace, binaries):
    port = FreePort()
    settings = {"DicomServerEnabled": True}
    orthanc = Orthanc(workspace.folder / "orthanc", own_settings=settings)
    gateway = Gateway(workspace.folder / "axial", binaries, None, rules=[{**CT_RULE, "send_to": ["disk"]}],
                      destinations={"disk": {"kind": "folder", "path": str(workspace.folder / "results")}},
                      node={"peers": [{"ae_title": "CT01"},
                                      {"ae_title": "CT02", "storage_commitment": {"port": port}},
                                      {"ae_title": "ORTHANC", "storage_commitment": {"port": orthanc.dicom_port}}]})
    settings["DicomModalities"] = {"axial": {"AET": gateway.ae_title, "Host": "127.0.0.1", "Port": gateway.dicom_port,
                                             "AllowStorageCommitment": True}}
    gateway.Start()
    workspace.Own(gateway)
    stays, listens = Modality("CT01", gateway), Modality("CT02", gateway)
    listens.port = port
    listens.Listen()
    workspace.Own(listens)
    if len(sys.argv) > 2:
        TestCrash(gateway, listens, sys.argv[2])
        return
    TestSameAssociation(gateway, stays)
    TestNewAssociation(gateway, listens)
    TestListensLater(gateway, listens)
    workspace.Own(orthanc)
    orthanc.Start()
    TestOrthanc(gateway, orthanc)
    TestWrongRequests(gateway, stays)
    TestManyReferences(stays)
    Check(gateway.Health()["status"] == "ok", f"/healthz: {gateway.Health()}")


ModalityPython()
RunTest(Body)
