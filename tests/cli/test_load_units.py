"""Reading of files: compression, formats, and what is told of files that cannot be read."""

import bz2
import gzip
import json
from pathlib import Path

import pytest
import zstandard

from larrey.cli.loading import sources, units
from larrey.kit.errors import Invalid, TooLarge

PATIENT = {"resourceType": "Patient", "id": "a"}
CONTENT = json.dumps(PATIENT).encode()


def refusals(path: Path) -> list[str]:
    return [reason for container in units.read(path) for _, reason in container.refused]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", CONTENT),
        ("a.json.gz", gzip.compress(CONTENT[:9], mtime=0) + gzip.compress(CONTENT[9:], mtime=0)),
        ("a.json.bz2", bz2.compress(CONTENT)),
        ("a.json.zst", zstandard.compress(CONTENT)),
        ("a.json.zst", zstandard.compress(CONTENT[:9]) + zstandard.compress(CONTENT[9:])),
        ("a.json", gzip.compress(CONTENT, mtime=0)),
        ("a.json", b"\xef\xbb\xbf" + CONTENT),
    ],
)
def test_content_is_the_same_whatever_the_compression(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    [container] = units.read(tmp_path / name)
    [unit] = container.units
    assert unit.resource == PATIENT
    assert container.digest == units.from_content("other", CONTENT)[0].digest


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.json", b"", "empty"),
        ("a.json", b" \n", "empty"),
        ("a.json.gz", CONTENT, "not gz"),
        ("a.json.gz", gzip.compress(CONTENT, mtime=0)[:-9], "damaged or cut short"),
        ("a.json.gz", b"\x1f\x8b" + bytes(30), "damaged or cut short"),
        ("a.json.bz2", bz2.compress(CONTENT)[:-9], "damaged or cut short"),
        ("a.json.bz2", b"BZh9" + bytes(30), "damaged or cut short"),
        ("a.json.zst", zstandard.compress(CONTENT * 50)[:-3], "damaged or cut short"),
        ("a.json.zst", b"\x28\xb5\x2f\xfd" + b"\xff" * 30, "damaged or cut short"),
        ("a.json", CONTENT.replace(b'"a"', b'"\xff"'), "UTF-8"),
        ("a.json", CONTENT[:-2], "not valid JSON"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b"[1]", "no resourceType"),
        ("a.json", b'{"resourceType": 7}', "no resourceType"),
        ("a.json", b'{"resourceType": "Bundle", "type": "history"}', "'history' is not loaded"),
        ("a.json", b'{"resourceType": "Bundle", "type": "transaction", "entry": 3}', "not a list of entries"),
        ("a.json", b'{"resourceType": "Bundle", "type": "collection", "entry": [{}]}', "Entry 1 holds no resource"),
    ],
)
def test_a_file_that_cannot_be_read_has_one_clear_reason(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    [told] = refusals(tmp_path / name)
    assert reason in told


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refusals(tmp_path / "a.json") == ["It cannot be read: Permission denied."]


def test_too_much_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "WHOLE_LIMIT", 10)
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(CONTENT, mtime=0))
    with pytest.raises(TooLarge):
        sources.read_whole(tmp_path / "a.json.gz")


def test_a_folder_gives_its_fhir_files_and_the_referred_to_first(tmp_path: Path) -> None:
    for name in ("z/Observation.ndjson", "Zoe_Durand.json", "z/hospitalInformation1.json.gz", "LICENSE", ".hidden.json", "x.txt"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"{}")
    (tmp_path / "twice.json").symlink_to(tmp_path / "Zoe_Durand.json")
    found, refused = sources.find([tmp_path, tmp_path / "Zoe_Durand.json"])
    assert refused == []
    assert [source.path.name for source in found] == ["hospitalInformation1.json.gz", "Zoe_Durand.json", "Observation.ndjson"]
    assert [source.lines for source in found] == [False, False, True]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _, refused = sources.find([tmp_path / "empty", tmp_path / "absent.json"])
    assert [reason for _, reason in refused] == ["The folder holds no JSON or NDJSON file.", "There is no such file or folder."]


def lines(count: int, changed: int = -1) -> bytes:
    return b"".join(b'{"resourceType":"Patient","id":"p%d%s"}\n' % (n, b"x" if n == changed else b"") for n in range(count))


def test_one_changed_line_changes_one_chunk_only(tmp_path: Path) -> None:
    def digests(content: bytes) -> list[bytes]:
        (tmp_path / "a.ndjson").write_bytes(content)
        with sources.opened(tmp_path / "a.ndjson") as (stream, _):
            return [units.from_lines(chunk).digest for chunk in units.chunks(tmp_path / "a.ndjson", stream)]

    before, after = digests(lines(5000)), digests(lines(5000, changed=2500))
    assert len(before) > 5
    assert len(set(before) ^ set(after)) <= 4  # the chunk itself, and at most its neighbour


def test_lines_keep_their_numbers_and_bad_ones_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b'\n{"resourceType":"Patient"}\r\nnonsense\n\n{"resourceType":"Group"}')
    with sources.opened(tmp_path / "a.ndjson") as (stream, _):
        [chunk] = units.chunks(tmp_path / "a.ndjson", stream)
    container = units.from_lines(chunk)
    assert [unit.place.line for unit in container.units] == [2, 5]
    assert [(place.line, "not valid JSON" in reason) for place, reason in container.refused] == [(3, True)]


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "LINE_LIMIT", 1000)
    (tmp_path / "a.ndjson").write_bytes(b'"' + b"x" * 3_000_000)
    with pytest.raises(TooLarge), sources.opened(tmp_path / "a.ndjson") as (stream, _):
        list(units.chunks(tmp_path / "a.ndjson", stream))


def test_ndjson_under_another_name_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(lines(3))
    assert [unit.place.line for container in units.read(tmp_path / "a.json") for unit in container.units] == [1, 2, 3]


def test_a_collection_becomes_a_transaction_that_keeps_ids() -> None:
    entries = [{"fullUrl": "urn:uuid:1", "resource": PATIENT}, {"resource": {"resourceType": "Basic"}}]
    written = units.transaction(entries)["entry"]
    assert written[0] == {"fullUrl": "urn:uuid:1", "resource": PATIENT, "request": {"method": "PUT", "url": "Patient/a"}}
    assert written[1]["request"] == {"method": "POST", "url": "Basic"}
    with pytest.raises(Invalid):
        units.transaction([{"fullUrl": "urn:uuid:1"}])
