"""A CT, an MR and a DX study sent at the same time each go where the rules say, and the results are right.

CT: SEG and SR in the PACS; per lung, Dice against the phantom's truth and the SR's volume. DX: an SR alone. MR: no rule
matches; kept, marked not routed, every rule's reason stored.
"""

import threading

import numpy

import harness
import nodes
import results
from harness import Check, WaitFor

DICE_AT_LEAST = 0.95
VOLUME_WITHIN = 0.03


def SendTogether(phantoms, gateway, folder):
    failures = []

    def SendOne(phantom):
        try:
            nodes.SendAll(phantom.folder, gateway, folder / f"send-{phantom.truth['kind']}.log", len(phantom.files))
        except harness.Failure as failure:
            failures.append(failure)

    threads = [threading.Thread(target=SendOne, args=(phantom,)) for phantom in phantoms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def CheckChestCt(phantom, orthanc, folder):
    (seg_path, seg), = results.Fetch(orthanc, phantom.study_uid, "SEG", folder)
    (sr_path, sr), = results.Fetch(orthanc, phantom.study_uid, "SR", folder)
    Check(seg.SOPClassUID == nodes.SEG_CLASS, f"SEG has the SOP Class {seg.SOPClassUID}")
    Check(sr.SOPClassUID == nodes.COMPREHENSIVE_3D_SR_CLASS, f"SR has the SOP Class {sr.SOPClassUID}")
    Check(results.IsMeasurementReport(sr), "the SR is not of template TID 1500")
    Check(results.MadeByAxial(seg) and results.MadeByAxial(sr), "Contributing Equipment does not name Axial")

    truth = phantom.truth
    shape = (truth["slices"], truth["rows"], truth["columns"])
    labels = numpy.fromfile(phantom.folder / truth["label_file"], numpy.uint8).reshape(shape)
    masks = results.MasksBySide(seg, truth["sop_instance_uids"])
    numbers = {results.SideOfSegment(item): item.SegmentNumber for item in seg.SegmentSequence}
    volumes = results.VolumesBySegment(sr)
    for label in truth["labels"]:
        side = label["name"].split()[0].lower()
        Check(side in masks, f"no segment is coded as {side}; the SEG has {sorted(masks)}")
        dice = results.Dice(masks[side], labels == label["value"])
        Check(numbers[side] in volumes, f"the SR has no volume of the {side} lung; it has {volumes}")
        volume = volumes[numbers[side]]
        error = volume / label["volume_mm3"] - 1
        print(f"{side} lung: Dice {dice:.4f}, volume {volume / 1000:.1f} ml, "
              f"truth {label['volume_mm3'] / 1000:.1f} ml ({100 * error:+.2f} %)")
        Check(dice >= DICE_AT_LEAST, f"{side} lung: Dice {dice:.4f} is below {DICE_AT_LEAST}")
        Check(abs(error) <= VOLUME_WITHIN, f"{side} lung: the SR's volume is off by {100 * error:.2f} %")
        counted = int(masks[side].sum()) * results.VoxelVolumeMm3(seg)
        Check(abs(volume / counted - 1) < 0.001, f"{side} lung: the SR says {volume} mm3, the SEG has {counted} mm3")
    return [seg_path, sr_path]


def CheckRadiograph(phantom, orthanc, folder):
    (path, sr), = results.Fetch(orthanc, phantom.study_uid, "SR", folder)
    Check(not orthanc.InstancesOf(phantom.study_uid, "SEG"), "a SEG came back for the radiograph")
    answers = results.CodedAnswers(sr)
    print(f"radiograph: {answers[-1] if answers else 'no answer'}")
    Check(results.IsMeasurementReport(sr), "the radiograph's SR is not of template TID 1500")
    return [path]


def CheckNotRouted(phantom, gateway, orthanc, rules):
    study = gateway.Study(phantom.study_uid)
    Check([event["kind"] for event in study["timeline"]][-1] == "not_routed", f"its timeline: {study['timeline']}")
    Check(not study["jobs"], f"the MR study got a job: {study['jobs']}")
    verdicts = nodes.Verdicts(study)
    Check({verdict["rule"] for verdict in verdicts} == {rule["name"] for rule in rules},
          f"not every rule has a verdict: {verdicts}")
    for verdict in verdicts:
        Check(not verdict["matched"], f"a rule matched the MR study: {verdict}")
        Check("Modality" in verdict["reason"] and "MR" in verdict["reason"],
              f"the verdict does not say what it saw: {verdict}")
        print(f"MR not routed by '{verdict['rule']}': {verdict['reason']}")
    Check(not orthanc.InstancesOf(phantom.study_uid, "SR"), "a result came back for the MR study")


def Body(workspace, binaries):
    folder = workspace.folder
    rules = (nodes.CT_RULE, nodes.DX_RULE)
    orthanc = workspace.Own(nodes.Orthanc(folder / "pacs"))
    orthanc.Start()
    gateway = workspace.Own(nodes.Gateway(folder / "axial", binaries, orthanc, rules))
    gateway.Start()
    ct = nodes.Phantom(binaries, folder / "ct", "ct", "--seed", "11")
    mr = nodes.Phantom(binaries, folder / "mr", "mr", "--seed", "12", "--slices", "10")
    dx = nodes.Phantom(binaries, folder / "dx", "dx", "--seed", "13")
    SendTogether([ct, mr, dx], gateway, folder)

    processes = [gateway.process, orthanc.process]
    WaitFor("the CT's SEG and SR in the PACS",
            lambda: orthanc.InstancesOf(ct.study_uid, "SEG") and orthanc.InstancesOf(ct.study_uid, "SR"),
            400, processes, describe=lambda: f"axial says: {gateway.Study(ct.study_uid)}")
    WaitFor("the radiograph's SR in the PACS", lambda: orthanc.InstancesOf(dx.study_uid, "SR"), 120, processes,
            describe=lambda: f"axial says: {gateway.Study(dx.study_uid)}")
    WaitFor("the MR study to be marked not routed", lambda: (gateway.Study(mr.study_uid) or {}).get("not_routed"), 60, processes,
            describe=lambda: f"axial says: {gateway.Study(mr.study_uid)}")

    files_of_ct = CheckChestCt(ct, orthanc, folder)
    files_of_dx = CheckRadiograph(dx, orthanc, folder)
    CheckNotRouted(mr, gateway, orthanc, rules)
    errors = results.ValidatorErrors(files_of_ct + files_of_dx)
    errors += results.ContextErrors(ct.files, files_of_ct) + results.ContextErrors(dx.files, files_of_dx)
    Check(not errors, "the validators complain:\n" + "\n".join(errors))


harness.RunTest(Body)
