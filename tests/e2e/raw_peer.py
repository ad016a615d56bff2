"""A DICOM peer made of bare PDUs (PS3.8), so that a test sends exactly the bytes it means to, right or wrong."""

import socket
import struct

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
ACCEPTED, REJECTED, DATA, RELEASE_REQUEST, RELEASED, ABORTED = 2, 3, 4, 5, 6, 7


def Pdu(kind, body, announced=None):
    """`announced`: the length that its head tells, when that is not the truth."""
    return struct.pack(">BBI", kind, 0, len(body) if announced is None else announced) + body


def _item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def AssociationRequest(called, calling, sop_class=SECONDARY_CAPTURE):
    """AE Titles: any bytes, at most 16."""
    context = _item(0x30, sop_class.encode()) + _item(0x40, EXPLICIT_LITTLE.encode())
    user = _item(0x51, struct.pack(">I", 131072)) + _item(0x52, b"1.2.826.0.1.3680043.8.498.1")
    titles = b"".join((title.encode() if isinstance(title, str) else title).ljust(16) for title in (called, calling))
    return Pdu(1, struct.pack(">HH", 1, 0) + titles + bytes(32) + _item(0x10, b"1.2.840.10008.3.1.1.1") +
               _item(0x20, bytes([1, 0, 0, 0]) + context) + _item(0x50, user))


def Fragment(data, command=False, last=False, context=1):
    """One P-DATA-TF PDU with one fragment."""
    return Pdu(DATA, struct.pack(">IBB", len(data) + 2, context, (1 if command else 0) | (2 if last else 0)) + data)


def _command_element(element, value):
    return struct.pack("<HHI", 0, element, len(value)) + value


def StoreCommand(sop_instance_uid, sop_class=SECONDARY_CAPTURE):
    """A whole C-STORE-RQ command, in one PDU."""
    def uid(text):
        return (text + "\0" * (len(text) % 2)).encode()
    body = (_command_element(0x0002, uid(sop_class)) + _command_element(0x0100, b"\x01\x00") +
            _command_element(0x0110, b"\x01\x00") + _command_element(0x0700, b"\x00\x00") +
            _command_element(0x0800, b"\x01\x00") + _command_element(0x1000, uid(sop_instance_uid)))
    return Fragment(_command_element(0, struct.pack("<I", len(body))) + body, command=True, last=True)


def Element(group, element, vr, value, announced=None):
    """Explicit VR Little Endian; `announced`: as Pdu()'s."""
    value = value.encode() if isinstance(value, str) else value
    value += (b"\0" if vr in ("UI", "OB", "OW") else b" ") * (len(value) % 2)
    length = len(value) if announced is None else announced
    long_length = vr in ("OB", "OW", "SQ", "UN", "UT")
    head = struct.pack("<HH2sHI", group, element, vr.encode(), 0, length) if long_length else struct.pack(
        "<HH2sH", group, element, vr.encode(), length)
    return head + value


def DataSet(sop_instance_uid, tail=b"", sop_class=SECONDARY_CAPTURE, modality="OT", middle=b""):
    """An Instance of a study and a series of its own; `middle`: between groups 0008 and 0020; `tail`: all above 0020."""
    return (Element(8, 0x16, "UI", sop_class) + Element(8, 0x18, "UI", sop_instance_uid) + Element(8, 0x60, "CS", modality) +
            middle + Element(0x20, 0xd, "UI", sop_instance_uid + ".1") + Element(0x20, 0xe, "UI", sop_instance_uid + ".2") +
            tail)


class Peer:
    """One TCP connection, from any address of the loopback network."""

    def __init__(self, port, source="127.0.0.1", patience=120):
        self.socket = socket.create_connection(("127.0.0.1", port), patience, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def Send(self, data):
        """False when the other side has ended the connection."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def Receive(self):
        """(type, body) of the next PDU; (None, b"") when the connection has ended."""
        head = self._receive_bytes(6)
        if len(head) < 6:
            return None, b""
        kind, size = struct.unpack(">BxI", head)
        return kind, self._receive_bytes(size)

    def _receive_bytes(self, size):
        data = b""
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except ConnectionError:
                part = b""
            if not part:
                break
            data += part
        return data

    def Associate(self, called, calling, sop_class=SECONDARY_CAPTURE):
        self.Send(AssociationRequest(called, calling, sop_class))
        return self.Receive()

    def Close(self):
        self.socket.close()
