"""The ZIP file of a case: members found by name, measured before they are read, and never written to disk.

A case may come from anybody. So a member is looked up by the names of the format and by no other; what it claims to
hold is bounded before anything is allocated; and an array's header is read by a pattern that knows numbers only, never
by an interpreter.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import unicodedata
import zipfile
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.boxes import frozen
from detector.datasets.errors import DatasetError

MAX_ARRAY_BYTES = 256_000_000
"""Of one array, unless what stands in the way says exactly how large it is: 16 million boxes."""

_LONGEST_SENTENCE = 600
_LONGEST_HEADER = 10_000
_STORED_OR_DEFLATED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_MAGIC = b"\x93NUMPY"

# {'descr': '<f4', 'fortran_order': False, 'shape': (5940, 4), }   in whatever order
_HEADER_ENTRY = re.compile(
    r"\s*['\"](?:(descr)['\"]\s*:\s*['\"]([<>|=]?[a-z]\d{1,2})['\"]"
    r"|(fortran_order)['\"]\s*:\s*(True|False)"
    r"|(shape)['\"]\s*:\s*\(((?:\s*\d{1,18}\s*,)*(?:\s*\d{1,18})?)\s*\))\s*(?:,|$)"
)


class CaseError(DatasetError):
    """A case that cannot be read or written; the message is one sentence with the file and the place in it."""

    def __init__(self, sentence: str) -> None:
        # What a file says is repeated in the sentence: it neither steers a terminal nor fills it.
        plain = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in sentence)
        super().__init__(plain if len(plain) <= _LONGEST_SENTENCE else plain[:_LONGEST_SENTENCE] + " ...")


class ArrayHeader(NamedTuple):
    """What a .npy member says of itself; `start` is where its numbers begin."""

    dtype: np.dtype[Any]
    fortran_order: bool
    shape: tuple[int, ...]
    start: int

    @property
    def nbytes(self) -> int:
        """Of its numbers; Python's integers, so that no product wraps round."""
        return math.prod(self.shape) * self.dtype.itemsize


class Archive:
    """The members of an open case.

    Raises:
        CaseError: where it is not a whole ZIP file, or names a member twice. The sentences of this class name the
            place only; whoever opened the file puts its name in front.
    """

    def __init__(self, file: IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        # A damaged directory makes zipfile raise almost anything (struct.error, UnicodeDecodeError, ValueError ...).
        except Exception as error:
            raise CaseError(f"cut short, damaged or no case at all ({_reason(error)}).") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if info.filename in self._members:
                raise CaseError(f"two members are called {info.filename}.")
            self._members[info.filename] = info

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def fingerprint(self) -> str:
        """Names this content: the same members with the same bytes give the same."""
        members = sorted((info.filename, info.CRC, info.file_size) for info in self._members.values())
        return hashlib.blake2b(repr(members).encode("utf-8", "replace"), digest_size=16).hexdigest()

    def read(self, name: str, most: int) -> bytes:
        """All of a member.

        Raises:
            CaseError: where it is missing, damaged or claims more than `most` bytes.
        """
        info = self._info(name)
        if info.file_size > most:
            raise CaseError(f"{name} claims {info.file_size:,} bytes, where at most {most:,} are read.")
        return self._bytes(info, info.file_size)

    def header(self, name: str) -> ArrayHeader:
        """What an array says of itself, read without its numbers.

        Raises:
            CaseError: where it is missing, damaged, no .npy, or not as long as it says.
        """
        info = self._info(name)
        header = _header(name, self._bytes(info, min(info.file_size, _LONGEST_HEADER)))
        if info.file_size != header.start + header.nbytes:
            raise CaseError(
                f"{name} says {_shape(header.shape)} of {header.dtype.name}, which takes {header.nbytes:,} bytes, but "
                f"has {max(info.file_size - header.start, 0):,}."
            )
        return header

    def array(self, name: str, header: ArrayHeader) -> NDArray[Any]:
        """The numbers of an array whose header was found to be right; read-only.

        Raises:
            CaseError: where it is damaged.
        """
        info = self._info(name)
        flat = np.frombuffer(self._bytes(info, info.file_size), header.dtype, offset=header.start)
        whole = flat.reshape(header.shape, order="F" if header.fortran_order else "C")
        return frozen(np.require(whole, requirements=("C_CONTIGUOUS", "ALIGNED")))

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = self._members.get(name)
        if info is None:
            raise CaseError(f"{name} is missing.")
        if info.flag_bits & _ENCRYPTED:
            raise CaseError(f"{name} is encrypted.")
        if info.compress_type not in _STORED_OR_DEFLATED:
            raise CaseError(f"{name} is packed in a way other than ZIP's 'stored' and 'deflated'.")
        return info

    def _bytes(self, info: zipfile.ZipInfo, count: int) -> bytes:
        """The first bytes of a member; its checksum is compared where they are all."""
        try:
            with self._zip.open(info) as stream:
                # Never read() without a number: that inflates up to 2 GB, whatever the member claims.
                data = stream.read(count)
        except Exception as error:  # as above
            raise CaseError(f"{info.filename} is damaged or cut short ({_reason(error)}).") from error
        if len(data) != count:
            raise CaseError(f"{info.filename} is cut short: {len(data):,} of {info.file_size:,} bytes are there.")
        return data


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text or type(error).__name__


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{side:,}" for side in shape) or "one value"


def _header(name: str, start: bytes) -> ArrayHeader:
    """The header of a .npy file (format 1.0, 2.0 or 3.0; the last differs by non-Latin field names only)."""
    if start[:6] != _MAGIC or start[6:7] not in (b"\x01", b"\x02", b"\x03"):
        raise CaseError(f"{name} is not a numpy array (.npy).")
    width = 2 if start[6] == 1 else 4
    begin = 8 + width
    end = begin + int.from_bytes(start[8:begin], "little")
    text = start[begin:end].decode("latin-1").strip()
    if end > len(start) or not (text.startswith("{") and text.endswith("}")):
        raise CaseError(f"{name} has a numpy header that cannot be read.")
    found: dict[str, str] = {}
    inner, at = text[1:-1].strip(), 0
    while at < len(inner):
        entry = _HEADER_ENTRY.match(inner, at)
        if entry is None:
            break
        key, value = (part for part in entry.groups() if part is not None)
        found[key] = value
        at = entry.end()
    if at < len(inner) or len(found) != 3:
        raise CaseError(f"{name} holds something other than plain numbers, or its numpy header cannot be read.")
    try:
        dtype = np.dtype(found["descr"])
    except TypeError:
        raise CaseError(f"{name} holds '{found['descr']}', which numpy does not know.") from None
    if dtype.hasobject:
        raise CaseError(f"{name} holds Python objects; a case holds plain numbers.")
    shape = tuple(int(side) for side in found["shape"].split(",") if side.strip())
    return ArrayHeader(dtype, found["fortran_order"] == "True", shape, end)


class ArchiveWriter:
    """Makes the bytes of a case; the same content gives the same bytes."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._zip = zipfile.ZipFile(self._buffer, "w")

    def add(self, name: str, data: bytes, *, packed: bool = True) -> None:
        """A member as it is; `packed` where squeezing is worth the time."""
        info = zipfile.ZipInfo(name)  # dated 1980: the day of saving is no part of the content
        info.external_attr = 0o644 << 16
        self._zip.writestr(info, data, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED, compresslevel=3)

    def add_array(self, name: str, array: NDArray[Any]) -> None:
        """A .npy member."""
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
        self.add(name, buffer.getvalue())

    def finish(self) -> bytes:
        """The whole file."""
        self._zip.close()
        return self._buffer.getvalue()
