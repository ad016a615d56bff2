"""A modality made of pynetdicom: it stores, asks for Storage Commitment, listens for the answers, and reports its
performed procedure steps. Needs the peers' Python (see ModalityPython)."""

import os
import queue
import sys
import threading

from harness import PEERS, Check, FreePort, MissingPeers, Skip

COMMITMENT_CLASS = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
STEP_CLASS = "1.2.840.10008.3.1.2.3.3"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
CT = "1.2.840.10008.5.1.4.1.1.2"
ANSWER_SECONDS = 60


def ModalityPython():
    """Goes on in the Python that has pynetdicom, or skips the test."""
    missing = MissingPeers(("python",), ())
    if missing:
        Skip(missing)
    python = PEERS / "python" / "bin" / "python"
    if os.path.realpath(sys.prefix) != os.path.realpath(PEERS / "python"):
        os.execv(python, [str(python), "-B", *sys.argv])


class Modality:
    """One Application Entity; `listens`: on a port of its own, for the answers that come on new Associations."""

    def __init__(self, ae_title, gateway, listens=False):
        import pynetdicom
        self.ae_title = ae_title
        self.gateway = gateway
        self.answers = queue.Queue()  # (how it came, Event Type ID, {(class, instance): reason or None}, transaction)
        self._taken = queue.Queue()  # the same, not responded to yet
        self.answer_status = 0x0000
        self.port = FreePort() if listens else None
        self._server = None
        self._pynetdicom = pynetdicom

    def Listen(self):
        ae = self._pynetdicom.AE(self.ae_title)
        ae.add_supported_context(COMMITMENT_CLASS, scu_role=False, scp_role=True)
        self._server = ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=[
            (self._pynetdicom.evt.EVT_N_EVENT_REPORT, lambda event: self._Take("new", event)),
            (self._pynetdicom.evt.EVT_DIMSE_SENT, self._Responded)])

    def Stop(self):
        if self._server:
            self._server.shutdown()
            self._server = None

    def Associate(self, *classes):
        ae = self._pynetdicom.AE(self.ae_title)
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ANSWER_SECONDS
        for uid in classes:
            ae.add_requested_context(uid)
        association = ae.associate("127.0.0.1", self.gateway.dicom_port, ae_title=self.gateway.ae_title, evt_handlers=[
            (self._pynetdicom.evt.EVT_N_EVENT_REPORT, lambda event: self._Take("same", event)),
            (self._pynetdicom.evt.EVT_DIMSE_SENT, self._Responded)])
        Check(association.is_established, f"{self.ae_title} got no Association")
        return association

    def _Take(self, how, event):
        role = event.assoc.requestor.role_selection.get(COMMITMENT_CLASS)
        if how == "new" and not (role and role.scp_role):
            how = "new, without SCP role,"
        # pydicom's lazy data set is read before the answer is queued.
        information = event.event_information
        outcome = {(item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID): None
                   for item in information.get("ReferencedSOPSequence", [])}
        outcome.update({(item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID): item.FailureReason
                        for item in information.get("FailedSOPSequence", [])})
        self._taken.put((how, event.event_type, outcome, str(information.TransactionUID)))
        return self.answer_status, None

    def _Responded(self, event):
        """An answer counts when the response is on its way: who releases before confuses pynetdicom."""
        if type(event.message).__name__ == "N_EVENT_REPORT_RSP":
            self.answers.put(self._taken.get_nowait())

    def Answer(self, seconds=ANSWER_SECONDS):
        try:
            return self.answers.get(timeout=seconds)
        except queue.Empty:
            return None

    def Store(self, data_sets):
        """The statuses."""
        association = self.Associate(SECONDARY_CAPTURE)
        statuses = [association.send_c_store(data_set).Status for data_set in data_sets]
        Release(association)
        return statuses


def Release(association):
    """pynetdicom's release() waits for its own thread, now and then without end; closing the socket ends that."""
    releasing = threading.Thread(target=association.release, daemon=True)
    releasing.start()
    releasing.join(20)
    if releasing.is_alive():
        print("pynetdicom did not release", file=sys.stderr)
        association.dul.socket.close()


def MakeImage(study, number, instance=None):
    import pydicom
    data_set = pydicom.Dataset()
    data_set.file_meta = pydicom.dataset.FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data_set.SOPClassUID = SECONDARY_CAPTURE
    data_set.SOPInstanceUID = instance or f"{study}.1.{number}"
    data_set.StudyInstanceUID = study
    data_set.SeriesInstanceUID = f"{study}.1"
    data_set.Modality = "OT"
    data_set.PatientName = "Nobody"
    data_set.Rows = data_set.Columns = 4
    data_set.SamplesPerPixel = 1
    data_set.PhotometricInterpretation = "MONOCHROME2"
    data_set.BitsAllocated = data_set.BitsStored = 8
    data_set.HighBit = 7
    data_set.PixelRepresentation = 0
    data_set.PixelData = bytes(range(16))
    return data_set


def MakeRequest(transaction, references):
    import pydicom
    data_set = pydicom.Dataset()
    data_set.TransactionUID = transaction
    data_set.ReferencedSOPSequence = []
    for sop_class, instance in references:
        item = pydicom.Dataset()
        item.ReferencedSOPClassUID = sop_class
        item.ReferencedSOPInstanceUID = instance
        data_set.ReferencedSOPSequence.append(item)
    return data_set


def Ask(association, request, action=1, instance=COMMITMENT_INSTANCE):
    """The status of the N-ACTION response, with its Error Comment."""
    status, _ = association.send_n_action(request, action, COMMITMENT_CLASS, instance)
    Check("Status" in status, "N-ACTION was not answered")
    return status.Status, status.get("ErrorComment", "")
