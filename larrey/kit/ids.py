"""Identifiers: UUIDv7 for what we name ourselves, 64-bit hashes for what we index."""

from __future__ import annotations

import os
import re
import threading
import time
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID, uuid5

_RESOURCE_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PATIENT_NAMESPACE = UUID("6f6e3a5e-6c61-5272-8e79-1a7217000001")

_lock = threading.Lock()
_last = [0]  # ticks of the newest id


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7) in canonical form; ids made by one process increase strictly.

    The 12 bits after the version carry the sub-millisecond fraction (method 3 of section 6.2).
    """
    with _lock:
        ticks = time.time_ns() // 250  # 4096 steps of 250 ns stay within the millisecond they start in
        _last[0] = ticks = max(ticks, _last[0] + 1)
    millis, step = divmod(ticks, 4000)
    value = (millis & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | step << 64 | 0x2 << 62
    return str(UUID(int=value | int.from_bytes(os.urandom(8), "big") >> 2))


def is_resource_id(text: str) -> bool:
    """Whether ``text`` may be a FHIR logical id: 1 to 64 of A-Z, a-z, 0-9, ``-`` and ``.``."""
    return _RESOURCE_ID.match(text) is not None


def hash64(text: str) -> int:
    """A signed 64-bit hash of ``text`` (blake2b), the same on every machine and in every version of Larrey."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


@lru_cache(maxsize=65536)
def patient_uuid(patient_id: str) -> UUID:
    """The 128-bit access key of a Patient id: the id itself when it is a canonical UUID, else a UUIDv5 of it."""
    if _CANONICAL_UUID.match(patient_id):
        return UUID(patient_id)
    return uuid5(_PATIENT_NAMESPACE, patient_id)
