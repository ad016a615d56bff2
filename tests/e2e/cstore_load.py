"""A C-STORE load generator that costs little: raw sockets, PDUs encoded once, only the UIDs change."""

import io
import itertools
import random
import socket
import struct
import time

import pydicom
from pydicom.dataset import Dataset

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_uid_numbers = itertools.count(random.SystemRandom().randrange(10**12, 9 * 10**12))


class ConnectionLost(Exception):
    """The gateway closed the connection; an answer that was awaited will not come."""


def NewUid():
    """Always of 18 characters, so that it can be written over another one."""
    return f"2.25.{next(_uid_numbers)}"


def _item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def _pdu(kind, body):
    return struct.pack(">BBI", kind, 0, len(body)) + body


def _element(group, element, value):
    return struct.pack("<HHI", group, element, len(value)) + value


def _command(sop_instance_uid):
    body = _element(0, 0x0002, MR_IMAGE.encode() + b"\0") + _element(0, 0x0100, b"\x01\x00")
    body += _element(0, 0x0110, b"\x01\x00") + _element(0, 0x0700, b"\x00\x00") + _element(0, 0x0800, b"\x01\x00")
    body += _element(0, 0x1000, sop_instance_uid.encode())
    return _element(0, 0, struct.pack("<I", len(body))) + body


def MakeImage(rows, columns):
    """An MR image without a patient; the demo's rules do not match it."""
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = MR_IMAGE, NewUid()
    image.Modality, image.PatientID = "MR", "LOAD"
    image.StudyInstanceUID, image.SeriesInstanceUID = NewUid(), NewUid()
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.Rows, image.Columns = rows, columns
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 0
    image.PixelData = bytes(range(256)) * (rows * columns * 2 // 256)
    image["PixelData"].VR = "OW"
    image.is_little_endian, image.is_implicit_VR = True, False
    return image


class Association:
    """One open Association that stores copies of `image`, each under a UID of its own, in a new study or the image's."""

    def __init__(self, port, called, image, new_study=True):
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = _item(0x30, MR_IMAGE.encode()) + _item(0x40, EXPLICIT_LITTLE.encode())
        user = _item(0x51, struct.pack(">I", 131072)) + _item(0x52, b"1.2.826.0.1.3680043.8.498.1")
        self._socket.sendall(_pdu(1, struct.pack(">HH", 1, 0) + called.encode().ljust(16) + b"LOAD".ljust(16) + bytes(32) +
                                  _item(0x10, b"1.2.840.10008.3.1.1.1") + _item(0x20, bytes([1, 0, 0, 0]) + context) +
                                  _item(0x50, user)))
        kind, answer = self._read()
        if kind != 2:
            raise RuntimeError(f"the Association was not accepted (PDU type {kind})")
        at = answer.index(b"\x51\x00\x00\x04")
        self._max_pdu = min(131072, struct.unpack(">I", answer[at + 4:at + 8])[0] or 131072)
        if new_study:
            image.StudyInstanceUID, image.SeriesInstanceUID = NewUid(), NewUid()
        self._encode(image)

    def _encode(self, image):
        buffer = io.BytesIO()
        pydicom.dcmwrite(buffer, image, write_like_original=True)
        data, old = buffer.getvalue(), image.SOPInstanceUID
        self._data_set, self._place_in_data_set = bytearray(data), data.index(old.encode())
        chunk = self._max_pdu - 6
        message = _pdu(4, struct.pack(">IBB", len(_command(old)) + 2, 1, 3) + _command(old))
        for start in range(0, len(data), chunk):
            part = data[start:start + chunk]
            message += _pdu(4, struct.pack(">IBB", len(part) + 2, 1, 2 if start + chunk >= len(data) else 0) + part)
        self._message = bytearray(message)
        first = message.index(old.encode())
        self._places = (first, message.index(old.encode(), first + 1))

    def _read(self):
        head = self._read_bytes(6)
        kind, size = struct.unpack(">BxI", head)
        return kind, self._read_bytes(size)

    def _read_bytes(self, size):
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise ConnectionLost("the gateway closed the connection")
            data += part
        return data

    def DataSetOf(self, sop_instance_uid):
        """The bytes of the data set that Store(sop_instance_uid) sends."""
        uid = sop_instance_uid.encode()
        self._data_set[self._place_in_data_set:self._place_in_data_set + len(uid)] = uid
        return bytes(self._data_set)

    def Store(self, sop_instance_uid=None):
        """Stores one Instance; the seconds until its answer, which must be Success."""
        uid = (sop_instance_uid or NewUid()).encode()
        for place in self._places:
            self._message[place:place + len(uid)] = uid
        began = time.perf_counter()
        self._socket.sendall(self._message)
        _, answer = self._read()
        seconds = time.perf_counter() - began
        at = answer.index(b"\x00\x00\x00\x09\x02\x00\x00\x00")
        status, = struct.unpack("<H", answer[at + 8:at + 10])
        if status != 0:
            raise RuntimeError(f"C-STORE was answered {status:04X}H")
        return seconds

    def Release(self):
        self._socket.sendall(_pdu(5, bytes(4)))
        self._read()
        self._socket.close()
