"""Every kind and form of result comes back from other makers' archives as Axial sent it.

Axial delivers at once to Orthanc (C-STORE, and another one by STOW-RS), DCMTK's dcmqrscp and an archive of dcmjs-dimse, to
each for every profile. Folder destinations of the same profiles tell what was sent. An archive may change file meta
information: every attribute and every frame must be the same bytes. An archive that does not take a kind gets the rest,
and the reason is shown.
"""

import json

import pydicom

import archives
import harness
import nodes
import round_trip_checks as checks
from harness import Check, WaitFor

LABELMAP_CLASS = "1.2.840.10008.5.1.4.1.1.66.7"
RT_STRUCTURE_SET_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"

SCHEMA = json.loads((harness.ROOT / "config" / "axial.schema.json").read_text())["definitions"]["results"]["properties"]
EXTRAS = SCHEMA["also"]["items"]["enum"]
PROFILES = {
    "binary": {"segmentation": "binary", "empty_frames": "omit", "report": "comprehensive_3d", "also": EXTRAS,
               "captured_slices": "key", "failures": "report"},
    "allframes": {"empty_frames": "keep", "report": "comprehensive", "banner": "", "also": ["secondary_capture"],
                  "captured_slices": "every"},
    "labelmap": {"segmentation": "labelmap", "report": "enhanced", "also": ["rt_structure_set"], "first_series_number": 501},
    "labelmaprle": {"segmentation": "labelmap", "compression": "rle", "report": "none"},
    "fractional": {"segmentation": "fractional", "compression": "none", "report": "none"},
    "fractionalrle": {"segmentation": "fractional", "compression": "rle", "report": "none"},
    "reportonly": {"segmentation": "none", "failures": "none"},
}
# DCMTK 3.6.7 is older than this SOP Class.
UNKNOWN_TO_DCMTK = {LABELMAP_CLASS: "no LabelMapSegmentationStorage"}
# One class is refused when the Association is negotiated, the other when an object is sent.
UNKNOWN_TO_PICKY = {RT_STRUCTURE_SET_CLASS: "no RTStructureSetStorage", PDF_CLASS: "no EncapsulatedPDFStorage"}


class Receiver:
    """An archive, which profiles Axial sends it, what it refuses, {SOP Class: what the reason says}, and what it tells of
    a series when it is asked (C-FIND)."""

    def __init__(self, node, profiles, refused=None, series_keys=()):
        self.node, self.profiles, self.refused, self.series_keys = node, profiles, refused or {}, series_keys


def CheckProfiles():
    """So that a new word of the configuration is not forgotten here."""
    used = {}
    for profile in PROFILES.values():
        for key, value in profile.items():
            used.setdefault(key, set()).update(value if isinstance(value, list) else [value])
    for key, definition in SCHEMA.items():
        known = set(definition.get("enum") or definition.get("items", {}).get("enum") or [])
        Check(key in used and known <= used[key], f"no profile of this test has every value of {key}: {known}")


def ModelCard(name, weights, segments, top, postprocessing):
    """A model that sees Hounsfield units of -900 to 300 as 0 to `top`."""
    tissue = {"code": "85756007", "scheme": "SCT", "meaning": "Tissue"}
    return json.dumps({
        "name": name, "version": "1.0.0", "engine": "torchscript", "weights": {"file": str(weights)},
        "algorithm": {"name": f"Bands, {name}", "manufacturer": "Axial", "version": "1.0.0"},
        "input": {"modality": ["CT"], "kind": "volume", "minimum_slices": 3},
        "preprocessing": [{"ScaleIntensityRanged": {"a_min": -900, "a_max": 300, "b_min": 0, "b_max": top, "clip": True}}],
        "inferer": {"SimpleInferer": {}}, "postprocessing": postprocessing,
        "outputs": {
            "segments": [{"label": number, "name": f"Band {number}", "category": tissue, "type": tissue,
                          "colour": [number * 37 % 256, number * 91 % 256, 200]} for number in range(1, segments + 1)],
            "measurements": ["volume", "mean"]}})


def MakeModels(folder, binaries):
    folder.mkdir()
    label_map, scores = "rounds", "above_zero"
    classify = [{"Activationsd": {"softmax": True}}, {"AsDiscreted": {"argmax": True}}]
    for name, (weights, *card) in {
            "bands": (label_map, 3, 3, []),
            "nothing": (label_map, 3, 0, []),
            "many": (label_map, 300, 300, []),  # do not fit into a label map of bytes
            "likely": (scores, 1, 2, classify)}.items():
        (folder / name).mkdir()
        (folder / name / "model.yaml").write_text(
            ModelCard(name, binaries.parent / "test_models" / f"{weights}.pt", *card))
    (folder / "dx-position").symlink_to(harness.ROOT / "models" / "dx-position")
    return folder


class Case:
    """One study, the model that is run on it, and the profiles of those that get the results."""

    def __init__(self, name, model, binaries, folder, kind, *options, profiles=tuple(PROFILES)):
        self.name, self.model, self.profiles = name, model, profiles
        self.phantom = nodes.Phantom(binaries, folder / name, kind, "--series-description", name, *options)
        self.study_uid = self.phantom.study_uid
        self.rule = {"name": name, "when": {"SeriesDescription": name}, "run": model}
        self.sources = [pydicom.dcmread(file) for file in self.phantom.files]


def MakeCases(*where):
    stack, noisy = ("--slices", "6", "--noise", "0"), ("--slices", "3", "--noise", "400")
    return [
        # A frame of one bit per pixel ends within a byte, and whole frames of bytes have an odd length.
        Case("ODD", "bands", *where, "ct", "--seed", "71", "--rows", "51", "--columns", "53", *stack),
        Case("EVEN", "bands", *where, "ct", "--seed", "72", "--rows", "48", "--columns", "56", *stack,
             "--patient-name", "Wang^XiaoDong=王^小东"),
        Case("NOTHING", "nothing", *where, "ct", "--seed", "73", "--rows", "32", "--columns", "32", *stack),
        Case("MANY", "many", *where, "ct", "--seed", "75", "--rows", "29", "--columns", "31", *noisy,
             profiles=("labelmap", "labelmaprle")),  # of 16 bits; hundreds of segments are nothing new to the other forms
        Case("LIKELY", "likely", *where, "ct", "--seed", "76", "--rows", "40", "--columns", "44", *stack),
        Case("RADIOGRAPH", "dx-position", *where, "dx", "--seed", "74", "--rows", "96", "--columns", "80"),
    ]


def MakeReceivers(workspace):
    """{name: Receiver}, started."""
    folder = workspace.folder
    dcmqrscp = archives.Dcmqrscp(folder / "dcmqrscp", [f"QR_{profile.upper()}" for profile in PROFILES])
    orthanc = nodes.Orthanc(folder / "orthanc", own_settings={"DicomAlwaysAllowFind": True, "DefaultEncoding": "Utf8"})
    receivers = {"orthanc": Receiver(orthanc, PROFILES, series_keys=("Modality", "SeriesNumber", "SeriesDescription")),
                 "stow": Receiver(nodes.Orthanc(folder / "stow"), PROFILES),
                 "dcmjs": Receiver(archives.DcmjsDimse(folder / "dcmjs"), PROFILES),
                 "picky": Receiver(archives.DcmjsDimse(folder / "picky", [RT_STRUCTURE_SET_CLASS], [PDF_CLASS]), ["binary"],
                                   UNKNOWN_TO_PICKY)}
    for process in (dcmqrscp, *(receiver.node for receiver in receivers.values())):
        workspace.Own(process).Start()
    for profile, area in zip(PROFILES, dcmqrscp.areas):
        receivers[f"dcmqrscp{profile}"] = Receiver(area, [profile], UNKNOWN_TO_DCMTK, ("Modality", "SeriesNumber"))
    return receivers, [dcmqrscp.process, *(receiver.node.process for receiver in list(receivers.values())[:4])]


def Destinations(folder, receivers):
    """{name: destination}: "<receiver>_<profile>", and "sent_<profile>", the folder that tells what was sent."""
    made = {}
    for name, receiver in receivers.items():
        for profile in receiver.profiles:
            made[f"{name}_{profile}"] = {
                "kind": "dicom", "ae_title": receiver.node.ae_title, "host": "127.0.0.1", "port": receiver.node.dicom_port,
                "results": PROFILES[profile]}
    for profile, results in PROFILES.items():
        made[f"stow_{profile}"] = {"kind": "stow", "url": receivers["stow"].node.url + "/dicom-web", "results": results}
        made[f"sent_{profile}"] = {"kind": "folder", "path": str(folder / "sent" / profile), "results": results}
    return made


def Undelivered(gateway, cases):
    """What is still to be done, in words; "" when every result was confirmed or refused."""
    lines = []
    for case in cases:
        study = gateway.Study(case.study_uid) or {"jobs": [], "deliveries": []}
        waiting = [f"{row['destination']} {row['kind']}: {row['state']} {nodes.ErrorOf(row)}" for row in study["deliveries"]
                   if row["state"] not in ("confirmed", "refused")]
        if waiting or not study["deliveries"]:
            lines.append(f"{case.name}: jobs {[(job['state'], nodes.ErrorOf(job)) for job in study['jobs']]}, {waiting[:8]}")
    return "\n".join(lines)


def CheckReason(row, refused, destination):
    """The reason names the class and what to do, and no other class is refused."""
    reason = nodes.ErrorOf(row)
    said = refused.get(row["sop_class_uid"])
    Check(said, f"{destination} refused a {row['kind']}: {reason}")
    for words in (said, row["sop_class_uid"], "enable that there and retry", "in its results"):
        Check(words in reason, f"the reason does not say '{words}': {reason}")


def CheckCase(case, gateway, receivers, folder, seen):
    """Each archive holds of the study what it was sent, and nothing else. Adds what was sent to `seen`."""
    study = gateway.Study(case.study_uid)
    sent = {file.stem: file for file in (folder / "sent").glob(f"*/{case.study_uid}/*.dcm")}
    wanted = {name: set() for name in receivers}
    for row in study["deliveries"]:
        name = row["destination"].split("_")[0]
        if row["state"] == "refused":
            CheckReason(row, receivers[name].refused, row["destination"])
        elif name in wanted:
            wanted[name].add(row["sop_instance_uid"])
            seen["kinds"].add(row["kind"])
    datasets = {uid: pydicom.dcmread(file) for uid, file in sent.items()}
    Check(datasets and wanted["orthanc"] == set(datasets), f"{case.name}: Orthanc got others than the folders")
    source_uids = {source.SOPInstanceUID for source in case.sources}
    for name, receiver in receivers.items():
        got = receiver.node.Fetch(case.study_uid, folder / "got" / name / case.name)
        Check(set(got) - source_uids == wanted[name],
              f"{case.name}: {name} has {len(set(got) - source_uids)} results of {len(wanted[name])}")
        for uid in wanted[name]:
            wrong = checks.Differences(pydicom.dcmread(sent[uid]), pydicom.dcmread(got[uid]))
            Check(not wrong, f"{case.name}: {name} gives back another {sent[uid]}:\n  " + "\n  ".join(wrong))
            seen["compared"] += 1
        if receiver.series_keys:
            queries = folder / "queries" / name / case.name
            checks.CheckQueries(lambda level, **keys: archives.Find(receiver.node, level, queries / level, **keys), case,
                                [datasets[uid] for uid in wanted[name]], receiver.series_keys)
    for name in ("orthanc", "stow"):
        for dataset in datasets.values():
            seen["frames"] += checks.CheckFrames(receivers[name].node, dataset)
            seen["values"] += checks.CheckMetadata(receivers[name].node, dataset)
    seen["forms"].update(FormOf(dataset) for dataset in datasets.values())


def CheckTheChecks(orthanc, file):
    """That a byte of a frame, an attribute deep inside, or a lost one is seen: the comparisons of this test can fail."""
    changes = {
        "a bit of the last frame": lambda dataset: setattr(
            dataset, "PixelData", dataset.PixelData[:-2] + bytes([dataset.PixelData[-2] ^ 1, dataset.PixelData[-1]])),
        "a position": lambda dataset: setattr(
            dataset.PerFrameFunctionalGroupsSequence[-1].PlanePositionSequence[0], "ImagePositionPatient", [0, 0, 0]),
        "a lost code": lambda dataset: delattr(dataset.SegmentSequence[0], "SegmentedPropertyTypeCodeSequence"),
        "an added attribute": lambda dataset: setattr(dataset, "PatientComments", "x")}
    for what, change in changes.items():
        changed = pydicom.dcmread(file)
        change(changed)
        Check(checks.Differences(pydicom.dcmread(file), changed), f"{what} is not noticed")
        try:
            checks.CheckFrames(orthanc, changed)
            checks.CheckMetadata(orthanc, changed)
        except harness.Failure:
            continue
        raise harness.Failure(f"{what} is not noticed in DICOMweb")


def FormOf(dataset):
    """SOP Class, and of a Segmentation how its pixels are written."""
    syntax = dataset.file_meta.TransferSyntaxUID
    return " ".join([dataset.SOPClassUID.name if dataset.SOPClassUID != LABELMAP_CLASS else "Label Map Segmentation",
                     *([str(dataset.SegmentationType), f"{dataset.BitsAllocated} bit", syntax.name]
                       if "SegmentationType" in dataset else []),
                     *(["probabilities"] if checks.HasProbabilities(dataset) else []),
                     *(["packed"] if "PixelData" in dataset and checks.IsPacked(dataset) else [])])


def Body(workspace, binaries):
    missing = harness.MissingPeers(("node",), ("node", "dcmqrscp", "getscu", "findscu"))
    if missing:
        harness.Skip(f"the round trip with other makers' archives: {missing}")
    CheckProfiles()
    folder = workspace.folder
    receivers, processes = MakeReceivers(workspace)
    destinations = Destinations(folder, receivers)
    cases = MakeCases(binaries, folder / "sources")
    rules = [{**case.rule, "send_to": sorted(name for name in destinations if name.split("_")[1] in case.profiles)}
             for case in cases]
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, None, rules, destinations=destinations,
                                            models=MakeModels(folder / "models", binaries)))
    gateway.Start()
    for case in cases:
        for node in (*(receiver.node for receiver in receivers.values() if receiver.series_keys), gateway):
            nodes.SendAll(case.phantom.folder, node, folder / f"send-{case.name}-{node.ae_title}.log")
    WaitFor("every result in every archive", lambda: not Undelivered(gateway, cases), 400,
            [gateway.process, *processes], describe=lambda: Undelivered(gateway, cases))
    seen = {"kinds": set(), "forms": set(), "compared": 0, "frames": 0, "values": 0}
    for case in cases:
        CheckCase(case, gateway, receivers, folder, seen)
    print(f"{seen['compared']} objects, {seen['frames']} frames and {seen['values']} values of metadata compared:")
    print("  " + "\n  ".join(sorted(seen["forms"])))
    Check(set(EXTRAS) <= seen["kinds"], f"not every kind was sent: {seen['kinds']}")
    for word in {*SCHEMA["segmentation"]["enum"], "8 bit", "16 bit", "probabilities", "rle", "packed"} - {"none"}:
        Check(any(word.upper() in form.upper() for form in seen["forms"]), f"no {word} Segmentation was sent")
    CheckDestinations(gateway, receivers)
    even = next(case.study_uid for case in cases if case.name == "EVEN")
    CheckTheChecks(receivers["orthanc"].node, next(
        file for file in (folder / "sent" / "binary" / even).iterdir() if "SegmentSequence" in pydicom.dcmread(file)))


def CheckDestinations(gateway, receivers):
    """The administrator sees what which destination refuses, why, and what to do."""
    for row in harness.HttpGetJson(gateway.url + "/api/destinations")["destinations"]:
        name, profile = row["name"].split("_")
        refused = receivers[name].refused if name in receivers else {}
        if name.startswith("dcmqrscp") and not profile.startswith("labelmap"):
            refused = {}
        for refusal in row["refusals"]:
            print(f"{row['name']}: {refusal['count']} {refusal['kind']}: {refusal['error']['message']}")
            CheckReason(refusal, refused, row["name"])
        Check({refusal["sop_class_uid"] for refusal in row["refusals"]} == set(refused), f"/api/destinations: {row}")
        Check(row["refused"] == sum(refusal["count"] for refusal in row["refusals"]), f"/api/destinations: {row}")
        Check(row["owed"] == 0, f"/api/destinations: {row}")


if __name__ == "__main__":
    harness.RunTest(Body)
