"""The running part of scripts/demo: PACS, gateway, modality, and what came back."""

import argparse
import pathlib
import shutil
import sys
import time
import warnings

import pydicom

import harness
import nodes
import orthanc_host
import results
from harness import Failure
from own_study import OwnStudy


class NotArrived(Failure):
    """Everything works, and yet the PACS has not got both a SEG and an SR: a rule, a model or the images say why."""


def Say(text=""):
    print(text, flush=True)


class LiveLine:
    """One line that is rewritten on a terminal, and printed only when it changes elsewhere."""

    def __init__(self):
        self._last = ""

    def Show(self, text):
        if text == self._last:
            return
        self._last = text
        if sys.stdout.isatty():
            print("\r\033[K" + text[: shutil.get_terminal_size().columns - 1], end="", flush=True)
        else:
            Say(text)

    def End(self):
        if sys.stdout.isatty() and self._last:
            Say()


def DescribeProgress(study):
    """One line from the admin interface's view of the study."""
    if not study:
        return "axial has not seen the study yet"
    parts = []
    for job in study.get("jobs", []):
        text = f"{job.get('model')}: {job.get('state')}"
        if job.get("state") == "leased":
            text += f" {job.get('stage', '')} {100 * float(job.get('progress') or 0):.0f} %"
        if nodes.ErrorOf(job):
            text += f" ({nodes.ErrorOf(job)})"
        parts.append(text)
    for delivery in study.get("deliveries", []):
        text = f"{delivery.get('kind')} to {delivery.get('destination')}: {delivery.get('state')}"
        if nodes.ErrorOf(delivery):
            text += f" ({nodes.ErrorOf(delivery)})"
        parts.append(text)
    state = (study.get("revisions") or [{}])[-1].get("state", "open")
    return "; ".join(parts) or ("not routed" if state == "routed" else f"collecting (revision {state})")


def WhyNothingMoreComes(study):
    """Why the study is over, or '' while it is not."""
    if not study:
        return ""
    jobs = study.get("jobs", [])
    revisions = study.get("revisions") or []
    if not revisions or any(revision.get("state") != "routed" for revision in revisions) or any(
            job.get("state") not in ("delivered", "failed") for job in jobs):
        return ""
    if not jobs:
        reasons = [f"  rule '{verdict.get('rule')}': {verdict.get('reason')}" for verdict in nodes.Verdicts(study)]
        return "no rule matched the study, it is kept and marked 'not routed':\n" + "\n".join(reasons)
    failed = [nodes.ErrorOf(job) or "no reason given" for job in jobs if job.get("state") == "failed"]
    if len(failed) == len(jobs):
        return "every job failed: " + "; ".join(failed)
    return "every job is finished" + "".join(f"; one failed: {reason}" for reason in failed)


class Demo:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = folder
        keep = arguments.keep
        self.viewer = None
        self.sent_to_pacs = frozenset()
        self.orthanc = nodes.Orthanc(folder / "pacs", survives_us=keep)
        rules = [nodes.ANY_CT_RULE, nodes.DX_RULE] if arguments.study else [nodes.CT_RULE, nodes.DX_RULE]
        self.gateway = nodes.Gateway(folder / "axial", arguments.binaries, self.orthanc, rules, survives_us=keep)

    def Start(self):
        self.orthanc.Start()
        Say(f"PACS:   Orthanc, AE Title {self.orthanc.ae_title}, DICOM port {self.orthanc.dicom_port}, "
            f"{self.orthanc.url}/app/explorer.html")
        self.gateway.Start()
        Say(f"Axial:  AE Title {self.gateway.ae_title}, DICOM port {self.gateway.dicom_port}, {self.gateway.url}/api/studies")
        Say(f"config: {self.gateway.config}")

    def StartViewer(self):
        """OHIF where scripts/peers could install it; else Orthanc's own viewer, which shows no SEG and no SR."""
        if not (harness.PEERS / "ohif.pinned").exists():
            Say("The OHIF viewer is not in build/peers (scripts/peers ohif installs it; it needs npm): Orthanc's own is used.")
            return
        self.viewer = nodes.Viewer(self.folder, self.orthanc, survives_us=self.arguments.keep)
        self.viewer.Start()

    def Stop(self):
        if self.viewer:
            self.viewer.Stop()
        self.gateway.Stop()
        self.orthanc.Stop()

    def SendStudies(self, own):
        """Sends an OwnStudy, or a phantom, to the PACS and to Axial as a modality would. Returns ({study UID}, Sent)."""
        if own:
            source, folders, studies = own.folder, own.folders, own.studies
            Say(f"study:  {own.Describe()}")
        else:
            source, folders = self.folder / "ct", ()
            phantom = nodes.Phantom(self.arguments.binaries, source, "ct")
            studies = [phantom.study_uid]
            Say(f"study:  a chest CT phantom of {len(phantom.files)} slices, made by axial-phantom")
        nodes.SendAll(source, self.orthanc, self.folder / "send-to-pacs.log", foreign_files=folders)
        self.sent_to_pacs = frozenset(self.orthanc.Get("/instances") or [])
        begun = time.time()
        sent = nodes.SendAll(source, self.gateway, self.folder / "send-to-axial.log", foreign_files=folders)
        Say(f"sent:   {sent.succeeded} instances, all answered Success, in {sent.last_response_at - begun:.2f} s")
        if own and sent.succeeded < sum(studies.values()):
            Say(f"        not sent: {sum(studies.values()) - sent.succeeded} files; why: grep 'bad DICOM' "
                f"{self.folder / 'send-to-axial.log'}")
        return set(studies), sent

    def NewObjects(self, study_uid, modality):
        """Orthanc's ids of what came after the study itself: that may hold a SEG and an SR of others."""
        return [instance for instance, _ in self.orthanc.InstancesOf(study_uid, modality)
                if instance not in self.sent_to_pacs]

    def Arrived(self, study_uids):
        """{modality: [(dataset, Orthanc instance)]} of what Axial put into the PACS."""
        found = {"SEG": [], "SR": []}
        for uid in study_uids:
            for modality in found:
                for instance in self.NewObjects(uid, modality):
                    path = self.orthanc.Download(instance, self.folder / f"{instance}.dcm")
                    dataset = pydicom.dcmread(path, defer_size=1024)
                    if results.MadeByAxial(dataset):
                        found[modality].append((dataset, path, instance))
        return found

    def AwaitResults(self, study_uids, sent):
        """Until each study has its SEG and SR or is over. Returns the seconds since the last C-STORE response."""
        line = LiveLine()
        deadline = time.monotonic() + self.arguments.deadline
        try:
            while True:
                self.gateway.process.CheckAlive()
                self.orthanc.process.CheckAlive()
                # Axial's view first: what it says is delivered is in the PACS by then.
                studies = {uid: self.gateway.Study(uid) for uid in study_uids}
                counts = {uid: {modality: len(self.NewObjects(uid, modality)) for modality in ("SEG", "SR")}
                          for uid in study_uids}
                complete = [uid for uid in study_uids if all(counts[uid].values())]
                endings = {uid: WhyNothingMoreComes(study) for uid, study in studies.items() if uid not in complete}
                if all(endings.values()):
                    seconds = time.time() - sent.last_response_at
                    if complete:
                        return seconds
                    raise NotArrived("\n".join(
                        f"{ending}\nthe PACS has {counts[uid]['SEG']} SEG and {counts[uid]['SR']} SR of it; both were "
                        "expected (a model that outlines nothing sends an SR alone)" for uid, ending in endings.items()))
                line.Show(" | ".join(DescribeProgress(study) for study in studies.values()))
                if time.monotonic() > deadline:
                    raise NotArrived(f"no SEG and SR in the PACS after {self.arguments.deadline} s. "
                                     f"Last seen: {' | '.join(DescribeProgress(study) for study in studies.values())}\n"
                                     f"last log lines of axial ({self.gateway.process.log}):\n{self.gateway.process.Tail()}")
                time.sleep(0.1)
        finally:
            line.End()

    def Report(self, study_uids, seconds):
        arrived = self.Arrived(study_uids)
        Say()
        Say(f"In the PACS {seconds:.1f} s after the last answer:")
        for objects in arrived.values():
            for dataset, path, _ in objects:
                Say(f"  {dataset.Modality:4} {dataset.get('SeriesDescription', '')!s:40} "
                    f"{dataset.SOPClassUID.name} ({path.stat().st_size / 1024:.0f} KiB)")
        for dataset, _, _ in arrived["SEG"]:
            labels = ", ".join(str(item.SegmentLabel) for item in dataset.SegmentSequence)
            Say(f"       segments: {labels}; {dataset.NumberOfFrames} frames")
        for dataset, _, _ in arrived["SR"]:
            for number, volume in sorted(results.VolumesBySegment(dataset).items()):
                Say(f"       volume of segment {number}: {volume / 1000:.0f} ml")
        if not arrived["SEG"] or not any(results.IsMeasurementReport(sr) for sr, _, _ in arrived["SR"]):
            raise NotArrived("the objects in the PACS are not a SEG and a TID 1500 SR made by Axial")

    def Processes(self):
        """[what is to be ended when it is left running], the gateway first."""
        return [one.process for one in (self.gateway, self.orthanc, self.viewer) if one and one.process]

    def ShowUrls(self, study_uids):
        Say()
        Say("Where to look:")
        for uid in study_uids:
            study = self.orthanc.FindStudy(uid)
            if self.viewer:
                for _, series in self.orthanc.InstancesOf(uid, "SR"):
                    Say(f"  OHIF, report      {self.viewer.UrlOf(uid, series['SeriesInstanceUID'])}")
                if self.orthanc.InstancesOf(uid, "SEG"):
                    Say(f"  OHIF, segments    {self.viewer.UrlOf(uid)}, and there a double-click on SEG")
            Say(f"  study in Orthanc  {self.orthanc.url}/app/explorer.html#study?uuid={study}")
            for series in self.orthanc.Get(f"/studies/{study}/series") or []:
                if series["MainDicomTags"].get("Modality") in ("CT", "MR", "DX", "CR") and (
                        nodes.ORTHANC_PLUGINS / "libOrthancWebViewer.so").exists():
                    Say(f"  viewer            {self.orthanc.url}/web-viewer/app/viewer.html?series={series['ID']}")
            Say(f"  DICOMweb          {self.orthanc.url}/dicom-web/studies/{uid}/series")
            Say(f"  its way in Axial  {self.gateway.url}/api/studies/{uid}")
        Say(f"  health, metrics   {self.gateway.url}/healthz  {self.gateway.url}/metrics")


class PluginDemo(Demo):
    """The same with one process less: Axial is inside Orthanc, and who stores a study in Orthanc gets the results there."""

    def __init__(self, arguments, folder):
        super().__init__(arguments, folder)
        rules = [nodes.ANY_CT_RULE, nodes.DX_RULE] if arguments.study else [nodes.CT_RULE, nodes.DX_RULE]
        self.orthanc = orthanc_host.OrthancWithAxial(folder, arguments.binaries, rules, survives_us=arguments.keep)
        self.gateway = orthanc_host.GatewayInside(self.orthanc)

    def Start(self):
        self.orthanc.Start()
        Say(f"PACS:   Orthanc with Axial inside, AE Title {self.orthanc.ae_title}, DICOM port {self.orthanc.dicom_port}, "
            f"{self.orthanc.url}/app/explorer.html")
        Say(f"config: {self.orthanc.folder / 'orthanc.json'} names {self.orthanc.gateway.config}")

    def SendStudies(self, own):
        phantom = None if own else nodes.Phantom(self.arguments.binaries, self.folder / "ct", "ct")
        Say("study:  " + (own.Describe() if own else f"a chest CT phantom of {len(phantom.files)} slices, made by axial-phantom"))
        begun = time.time()
        if self.arguments.upload == "c-store":
            sent = nodes.SendAll(own.folder if own else phantom.folder, self.orthanc, self.folder / "send.log",
                                   foreign_files=own.folders if own else ())
        else:
            files = sorted(path for path in own.folder.rglob("*") if path.is_file()) if own else phantom.files
            sent = self.orthanc.Upload(files, self.arguments.upload)
        Say(f"sent:   {sent.succeeded} instances by {self.arguments.upload}, all answered Success, in "
            f"{sent.last_response_at - begun:.2f} s" + (f"; {sent.failed} other files refused" if sent.failed else ""))
        return set(own.studies) if own else {phantom.study_uid}, sent

    def NewObjects(self, study_uid, modality):
        made = {delivery["sop_instance_uid"] for delivery in (self.gateway.Study(study_uid) or {}).get("deliveries", [])}
        return [instance for instance in super().NewObjects(study_uid, modality)
                if (self.orthanc.Get(f"/instances/{instance}") or {"MainDicomTags": {}})["MainDicomTags"].get("SOPInstanceUID") in made]


def Arguments():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=(
        "Starts Orthanc as the PACS and Axial, sends a chest CT as a modality would, waits, and shows what arrived. "
        "Without --once or --keep it stays up until Ctrl-C."))
    parser.add_argument("--once", action="store_true", help="exit 0 only if a SEG and an SR are in the PACS, else 1")
    parser.add_argument("--study", metavar="DIR", help="send the DICOM files of this folder instead of the phantom")
    parser.add_argument("--orthanc-plugin", action="store_true", help="Axial inside Orthanc, instead of beside it")
    parser.add_argument("--upload", choices=("c-store", "stow", "rest"), default="c-store",
                        help="with --orthanc-plugin: how the study comes into Orthanc (default c-store)")
    parser.add_argument("--keep", action="store_true", help="leave Orthanc and Axial running on exit")
    parser.add_argument("--no-build", action="store_true", help="neither install nor build; use build/bin as it is")
    parser.add_argument("--deadline", type=int, default=300, metavar="SECONDS",
                        help="give up when the results are not there by then (default 300)")
    parser.add_argument("--binaries", type=pathlib.Path, default=harness.ROOT / "build" / "bin", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.upload != "c-store" and not arguments.orthanc_plugin:
        parser.error("--upload is for --orthanc-plugin; without it the study comes by C-STORE")
    return arguments


def StayUp(demo, workspace):
    """Until Ctrl-C, or leaves all running with --keep."""
    if demo.arguments.keep:
        workspace.LeaveRunning()
        Say("\nLeft running. To stop: kill " + " ".join(dict.fromkeys(str(process.pid) for process in demo.Processes())))
        return
    Say("\nRunning until Ctrl-C; send your own studies to the DICOM port above.")
    while True:
        demo.gateway.process.CheckAlive()
        demo.orthanc.process.CheckAlive()
        time.sleep(0.5)


def Main():
    arguments = Arguments()
    warnings.filterwarnings("ignore", module="pydicom")  # of real files; what matters is said below
    with harness.Workspace("axial-demo") as workspace:  # a failure leaves its folder with the logs
        own = OwnStudy(arguments.study, workspace.folder / "completed") if arguments.study else None
        demo = workspace.Own((PluginDemo if arguments.orthanc_plugin else Demo)(arguments, workspace.folder))
        demo.Start()
        study_uids, sent = demo.SendStudies(own)
        try:
            seconds = demo.AwaitResults(study_uids, sent)
            demo.Report(study_uids, seconds)
        except NotArrived as reason:  # one may look at why, unless only the answer is wanted
            if arguments.once:
                raise
            Say(f"\n{reason}")
        if not arguments.once:  # the viewer goes with this program, so nobody could open it
            demo.StartViewer()
        demo.ShowUrls(study_uids)
        if arguments.keep or not arguments.once:
            StayUp(demo, workspace)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(Main())
    except Failure as failure:
        print(f"\nscripts/demo: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)
