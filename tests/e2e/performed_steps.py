"""A modality tells Axial what it does (Modality Performed Procedure Step, N-CREATE and N-SET): the states follow the
standard's, wrong transitions are refused by their status, and what was said is there after a kill -9.

With a second argument the gateway is killed at that point (AXIAL_CRASH_AT): the row is there and nothing was answered."""

import sys

from harness import Check, HttpGetJson, RunTest, WaitFor
from nodes import CT_RULE, Gateway
from modality_peer import CT, MakeImage, Modality, ModalityPython, Release, STEP_CLASS

STUDY = "1.2.826.0.1.3680043.8.498.78"


def NewStep(state="IN PROGRESS", study=STUDY):
    import pydicom
    step = pydicom.Dataset()
    scheduled = pydicom.Dataset()
    scheduled.StudyInstanceUID = study
    scheduled.AccessionNumber = "A1"
    step.ScheduledStepAttributesSequence = [scheduled]
    step.PatientName = "Nobody"
    step.PerformedProcedureStepID = "P1"
    step.PerformedStationAETitle = "CT01"
    step.PerformedProcedureStepStartDate = "20260101"
    step.PerformedProcedureStepStartTime = "120000"
    step.Modality = "CT"
    step.PerformedProcedureStepStatus = state
    step.PerformedSeriesSequence = []
    return step


def Change(state=None, series=None, reason=None):
    import pydicom
    change = pydicom.Dataset()
    if state:
        change.PerformedProcedureStepStatus = state
    if reason:
        code = pydicom.Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "110501", "DCM", reason
        change.PerformedProcedureStepDiscontinuationReasonCodeSequence = [code]
    if series is not None:
        change.PerformedSeriesSequence = []
        for uid, instances in series:
            item = pydicom.Dataset()
            item.SeriesInstanceUID = uid
            item.ReferencedImageSequence = []
            for instance in instances:
                reference = pydicom.Dataset()
                reference.ReferencedSOPClassUID = CT
                reference.ReferencedSOPInstanceUID = instance
                item.ReferencedImageSequence.append(reference)
            item.ReferencedNonImageCompositeSOPInstanceSequence = []
            change.PerformedSeriesSequence.append(item)
    return change


def Steps(gateway):
    return {step["step_uid"]: step for step in HttpGetJson(gateway.url + "/api/performed-steps", 5)["performed_steps"]}


def TestCrash(gateway, point):
    """The modality got no answer and says it again: that the step is there or final already is no loss."""
    modality = Modality("CT01", gateway)
    gateway.Start({"AXIAL_CRASH_AT": point})
    association = modality.Associate(STEP_CLASS)
    final = Change("COMPLETED", [(f"{STUDY}.1", [f"{STUDY}.1.1"])])
    association.send_n_create(NewStep(), STEP_CLASS, "1.9.1")
    if point == "step_set":
        association.send_n_set(final, STEP_CLASS, "1.9.1")
    WaitFor("axial to be killed", lambda: gateway.process.ExitCode() is not None, 60)
    gateway.Start()
    state = "completed" if point == "step_set" else "in_progress"
    Check(Steps(gateway)["1.9.1"]["state"] == state, f"steps: {Steps(gateway)}")
    association = modality.Associate(STEP_CLASS)
    status, _ = association.send_n_create(NewStep(), STEP_CLASS, "1.9.1")
    Check(status.Status == 0x0111, f"N-CREATE once more was answered {status.Status:04X}")
    status, _ = association.send_n_set(final, STEP_CLASS, "1.9.1")
    Check(status.Status == (0x0110 if point == "step_set" else 0), f"N-SET was answered {status.Status:04X}")
    Release(association)
    Check(Steps(gateway)["1.9.1"]["state"] == "completed", f"steps: {Steps(gateway)}")


def Body(workspace, binaries):
    gateway = workspace.Own(Gateway(
        workspace.folder / "axial", binaries, None, rules=[{**CT_RULE, "send_to": ["disk"]}],
        destinations={"disk": {"kind": "folder", "path": str(workspace.folder / "results")}}))
    if len(sys.argv) > 2:
        return TestCrash(gateway, sys.argv[2])
    gateway.Start()
    modality = Modality("CT01", gateway)
    Check(modality.Store([MakeImage(STUDY, 1)]) == [0], "the image was not stored")
    association = modality.Associate(STEP_CLASS)

    def Create(step, uid):
        status, _ = association.send_n_create(step, STEP_CLASS, uid)
        return status.Status

    def Set(change, uid):
        status, _ = association.send_n_set(change, STEP_CLASS, uid)
        return status.Status, status.get("ErrorID")

    def Expect(what, got, wanted):
        Check(got == wanted, f"{what} was answered {got}, expected {wanted}")

    Expect("N-CREATE", Create(NewStep(), "1.9.1"), 0)
    Expect("N-CREATE once more", Create(NewStep(), "1.9.1"), 0x0111)
    Expect("N-CREATE COMPLETED", Create(NewStep("COMPLETED"), "1.9.2"), 0x0106)
    Expect("N-CREATE without status", Create(NewStep(""), "1.9.2"), 0x0120)
    Expect("N-CREATE without study", Create(NewStep(study=""), "1.9.2"), 0x0120)
    Expect("N-CREATE of nearly nothing", Create(Change(series=[]), "1.9.2"), 0x0120)
    Expect("N-SET of an unknown step", Set(Change("COMPLETED"), "1.9.2"), (0x0112, None))
    Expect("N-SET to nonsense", Set(Change("FINISHED"), "1.9.1"), (0x0106, None))
    Expect("N-SET of one series", Set(Change(series=[(f"{STUDY}.1", [f"{STUDY}.1.1"])]), "1.9.1"), (0, None))
    Check(Steps(gateway)["1.9.1"]["state"] == "in_progress", f"steps: {Steps(gateway)}")

    gateway.process.Kill()
    gateway.Start()
    association = modality.Associate(STEP_CLASS)
    final = [(f"{STUDY}.1", [f"{STUDY}.1.1", f"{STUDY}.1.2"]), (f"{STUDY}.2", [f"{STUDY}.2.1"])]
    Expect("N-SET COMPLETED", Set(Change("COMPLETED", final), "1.9.1"), (0, None))
    for state in (None, "IN PROGRESS", "COMPLETED", "DISCONTINUED"):
        Expect(f"N-SET {state} after COMPLETED", Set(Change(state, series=[]), "1.9.1"), (0x0110, 0xA710))
    Expect("a second N-CREATE", Create(NewStep(), "1.9.3"), 0)
    Expect("N-SET DISCONTINUED", Set(Change("DISCONTINUED", [], "Equipment failure"), "1.9.3"), (0, None))
    Expect("N-SET after DISCONTINUED", Set(Change("COMPLETED"), "1.9.3"), (0x0110, 0xA710))
    status = association.send_n_delete(STEP_CLASS, "1.9.1")
    Check(status.Status == 0x0211, "N-DELETE was not refused")
    Release(association)

    gateway.process.Kill()
    gateway.Start()
    steps = Steps(gateway)
    done, stopped = steps["1.9.1"], steps["1.9.3"]
    Check(done["state"] == "completed" and done["series"] == 2 and done["instances"] == 3, f"step: {done}")
    Check(done["study_uids"] == [STUDY] and done["calling_ae_title"] == "CT01" and done["ended_at"], f"step: {done}")
    Check(stopped["state"] == "discontinued" and stopped["discontinuation_reason"] == "Equipment failure",
          f"step: {stopped}")
    study = gateway.Study(STUDY)
    Check([step["step_uid"] for step in study["performed_steps"]] == ["1.9.1", "1.9.3"], f"study: {study}")
    kinds = [event["kind"] for event in study["timeline"]]
    Check("performed_step_completed" in kinds and "performed_step_discontinued" in kinds, f"timeline: {kinds}")
    Check("Nobody" not in str(steps) + (gateway.folder / "axial.log").read_text(), "a patient's name in API or log")


ModalityPython()
RunTest(Body)
