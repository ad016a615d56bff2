"""Images of two patients under one Study Instance UID: no result is made under either name, and people see why.

A gateway gets a CT of one patient and a Series of the same study with another Patient ID; and a Series in which one image is
of another patient; `axial analyze` gets the same folders. A name that is spelled otherwise is the same patient.
"""

import subprocess

import pydicom
from pydicom.uid import generate_uid

import harness
import nodes
from harness import Check, HttpGet, WaitFor

PEOPLE = (("4711-A", "Nowhere^Ann"), ("4712-B", "Elsewhere^Bob"))


def Mix(phantom, how):
    """Gives images of the phantom a patient each: the second of PEOPLE where `how`(index) says so."""
    for index, path in enumerate(phantom.files):
        dataset = pydicom.dcmread(path)
        dataset.PatientID, dataset.PatientName = PEOPLE[how(index)]
        dataset.save_as(path)


def SecondSeries(phantom):
    """Half of the images again, as a Series of the same study, of the other patient."""
    uid = generate_uid()
    for path in phantom.files[::2]:
        dataset = pydicom.dcmread(path)
        dataset.PatientID, dataset.PatientName = PEOPLE[1]
        dataset.SeriesInstanceUID = uid
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(phantom.folder / f"other-{path.name}")


def CheckNoPatientData(text, what):
    for secret in (part for person in PEOPLE for part in (person[0], person[1].split("^")[0])):
        Check(secret not in text, f"{what} names a patient: {secret}")


def CheckRefusedByGateway(gateway, orthanc, phantom, jobs):
    def Refused():
        study = gateway.Study(phantom.study_uid)
        rows = study["jobs"]
        return study if len(rows) == jobs and all(
            row["state"] == "failed" and row["failure_report"]["state"] == "failed" for row in rows) else None
    study = WaitFor("the jobs to be refused", Refused, 120, [gateway.process],
                    describe=lambda: f"axial says: {gateway.Study(phantom.study_uid)}")
    for row in study["jobs"]:
        error = nodes.ErrorOf(row)
        Check("images of two patients: Patient ID of SOP Instance " in error, f"the job's reason: {error}")
        Check(row["attempt"] == 1, f"{row['attempt']} attempts at what cannot change")
    Check(study["patient_conflict"].startswith("images of two patients"), f"the study: {study['patient_conflict']}")
    Check([event["kind"] for event in study["timeline"]].count("two_patients") == 1, f"its timeline: {study['timeline']}")
    CheckNoPatientData(str(study), "the study's answer")
    Check(not study["deliveries"] and not orthanc.FindStudy(phantom.study_uid), "something of the study was sent")
    Check(not list((gateway.folder / "storage").rglob("results/**/*.dcm")), "a result was written")


def CheckRefusedByAnalyze(gateway, phantom, folder):
    answer = subprocess.run([gateway.program, "analyze", "--model", harness.ROOT / "models" / "chest-ct-lungs", "--in",
                             phantom.folder, "--out", folder], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            check=False)
    Check(answer.returncode == 1 and "failed: images of two patients: Patient ID of SOP Instance " in answer.stderr,
          f"axial analyze: exit code {answer.returncode}\n{answer.stderr}")
    Check(not list(folder.rglob("*")), f"axial analyze wrote {list(folder.rglob('*'))}")
    CheckNoPatientData(answer.stderr + answer.stdout, "axial analyze")


def Body(workspace, binaries):
    folder = workspace.folder
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, orthanc, (nodes.ANY_CT_RULE,)))
    gateway.Start()
    options = ("--rows", "128", "--columns", "128", "--slices", "40", "--slice-spacing", "5", "--slice-thickness", "5")
    phantoms = {name: nodes.Phantom(binaries, folder / name, "ct", "--seed", seed, *options)
                for name, seed in (("series", "71"), ("study", "72"), ("spelling", "73"))}
    Mix(phantoms["series"], lambda index: 1 if index == 17 else 0)
    Mix(phantoms["study"], lambda index: 0)
    SecondSeries(phantoms["study"])
    Mix(phantoms["spelling"], lambda index: 0)
    one = phantoms["spelling"].files[5]
    dataset = pydicom.dcmread(one)
    dataset.PatientName = "Nowhere^Anne"
    dataset.save_as(one)

    for name, jobs in (("series", 1), ("study", 2)):
        nodes.SendAll(phantoms[name].folder, gateway, folder / "send.log")
        CheckRefusedByGateway(gateway, orthanc, phantoms[name], jobs)
        CheckRefusedByAnalyze(gateway, phantoms[name], folder / f"analyzed-{name}")
    nodes.SendAll(phantoms["spelling"].folder, gateway, folder / "send.log")
    gateway.WaitForJobs(phantoms["spelling"].study_uid, "delivered")

    health = gateway.Health()
    Check(health["status"] == "degraded" and any("failure reports" in reason for reason in health["reasons"]),
          f"no alarm: {health}")
    metrics = HttpGet(gateway.url + "/metrics").decode()
    Check("axial_pipeline_two_patients_total 2\n" in metrics, "the metric does not count 2 studies")
    log = (gateway.folder / "axial.log").read_text(errors="replace")
    Check(log.count(" two_patients ") == 2, "the log does not tell of each")
    CheckNoPatientData(log, "the log")


harness.RunTest(Body)
