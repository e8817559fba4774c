"""Counts slices in a Perfetto trace, by the few protobuf fields that this needs.

https://perfetto.dev/docs/reference/trace-packet-proto
"""

from collections.abc import Iterator

_PACKET = 1
_TRACK_EVENT, _INTERNED, _SEQUENCE = 11, 12, 10
_TYPE, _LOCATION = 9, 34
_BEGIN, _END = 1, 2
_LOCATIONS, _IID, _FILE = 4, 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Field = tuple[int, int | bytes]


def events(trace: bytes, homes: tuple[str, ...]) -> int:
    """Begins and ends of slices whose source is in one of the directories.

    An end has no source: the ends that no other slice's begin accounts for are counted.
    """
    own: dict[tuple[int, int], bool] = {}
    begins = others = ends = 0
    for number, packet in _fields(trace):
        if number != _PACKET or not isinstance(packet, bytes):
            continue
        sequence, event = 0, b""
        interned = b""
        for name, value in _fields(packet):
            if name == _SEQUENCE and isinstance(value, int):
                sequence = value
            elif name == _TRACK_EVENT and isinstance(value, bytes):
                event = value
            elif name == _INTERNED and isinstance(value, bytes):
                interned = value
        for iid, file in _locations(interned):
            own[sequence, iid] = file.startswith(homes)
        if not event:
            continue
        fields = dict(_fields(event))
        if fields.get(_TYPE) == _END:
            ends += 1
        elif fields.get(_TYPE) == _BEGIN:
            location = fields.get(_LOCATION)
            if isinstance(location, int) and own.get((sequence, location), False):
                begins += 1
            else:
                others += 1
    return begins + max(0, min(begins, ends - others))


def _locations(interned: bytes) -> Iterator[tuple[int, str]]:
    """Source locations: their ids and files."""
    for name, value in _fields(interned):
        if name == _LOCATIONS and isinstance(value, bytes):
            fields = dict(_fields(value))
            iid, file = fields.get(_IID), fields.get(_FILE)
            if isinstance(iid, int) and isinstance(file, bytes):
                yield iid, file.decode(errors="replace")


def _fields(message: bytes) -> Iterator[Field]:
    """Numbers and values of a message's fields."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif kind == _BYTES:
            length, at = _varint(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"not a Perfetto trace: wire type {kind}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
