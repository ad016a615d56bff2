"""The digest by which the index and the names in the spool know a file (core/base/content_digest.h)."""

import ctypes


class _Xxh128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


_XXHASH = ctypes.CDLL("libxxhash.so.0")
_XXHASH.XXH3_128bits.restype = _Xxh128
_XXHASH.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def ContentDigest(content):
    digest = _XXHASH.XXH3_128bits(content, len(content))
    return f"{digest.high:016x}{digest.low:016x}"


def IsWhole(file):
    """Whether a file of the spool has the bytes whose digest its name says."""
    return ContentDigest(file.read_bytes()).startswith(file.name.split(".")[-2].split("-")[0])
