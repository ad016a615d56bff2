"""An archive made of pynetdicom that answers as a test tells it. Needs the peers' Python (see modality_peer.ModalityPython)."""

import threading

from harness import FreePort
from modality_peer import COMMITMENT_CLASS, COMMITMENT_INSTANCE

FIND_CLASS = "1.2.840.10008.5.1.4.1.2.2.1"


class Archive:
    """Keeps what it is sent, once for each SOP Instance UID; says so when it is asked (C-FIND, Storage Commitment)."""

    ae_title = "ARCHIVE"

    def __init__(self):
        import pynetdicom
        self._pynetdicom = pynetdicom
        self.dicom_port = FreePort()
        self.store_statuses = []  # of the next C-STOREs; 0000H after them
        self.finds_nothing = 0  # so many of the next C-FINDs
        self.commits = 0  # requests for Storage Commitment that it took
        self.answers_from = 1  # it answers the n-th of them and later ones
        self.arrivals = []  # (Modality, SOP Instance UID) of each C-STORE answered Success
        self.kept = {}  # SOP Instance UID: data set as encoded
        self.changed = []  # UIDs that came again with other bytes
        self._mutex = threading.Lock()
        self._server = None

    def Start(self):
        evt = self._pynetdicom.evt
        ae = self._pynetdicom.AE(self.ae_title)
        for context in self._pynetdicom.AllStoragePresentationContexts:
            ae.add_supported_context(context.abstract_syntax)
        ae.add_supported_context(FIND_CLASS)
        ae.add_supported_context("1.2.840.10008.1.1")
        ae.add_supported_context(COMMITMENT_CLASS, scu_role=True, scp_role=True)
        self._server = ae.start_server(("127.0.0.1", self.dicom_port), block=False, evt_handlers=[
            (evt.EVT_C_STORE, self._Store), (evt.EVT_C_FIND, self._Find), (evt.EVT_N_ACTION, self._Action)])

    def Stop(self):
        if self._server:
            self._server.shutdown()
            self._server = None

    def _Store(self, event):
        with self._mutex:
            status = self.store_statuses.pop(0) if self.store_statuses else 0x0000
            if status != 0x0000:
                return status
            uid = str(event.request.AffectedSOPInstanceUID)
            encoded = event.request.DataSet.getvalue()
            self.arrivals.append((str(event.dataset.Modality), uid))
            if self.kept.setdefault(uid, encoded) != encoded:
                self.changed.append(uid)
            return 0x0000

    def _Find(self, event):
        with self._mutex:
            self.finds_nothing -= 1
            if self.finds_nothing < 0 and event.identifier.SOPInstanceUID in self.kept:
                yield 0xFF00, event.identifier

    def _Action(self, event):
        """The answer goes out on the same Association, when the request was answered."""
        self.commits += 1
        if self.commits >= self.answers_from:
            request = event.action_information
            threading.Timer(0.1, lambda: event.assoc.send_n_event_report(
                request, 1, COMMITMENT_CLASS, COMMITMENT_INSTANCE)).start()
        return 0x0000, None
