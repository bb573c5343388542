"""A bundle is the same bytes for the same run, and whatever is changed in one is found."""

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from obs_check.cli.main import main
from obs_check.client.files.archive import archive_bytes, read_archive
from obs_check.errors import InputError
from obs_check.report.bundle import DOCUMENT, MANIFEST, SIGNATURE, bundle_files, verify_files
from tests.report.pages import demonstration, negative
from tests.report.test_report import DOCUMENT as PLAIN

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def small() -> Files:
    """The bundle of a run with little in it, which matches."""
    document = negative()
    panels = [row | {"cause": ""} for row in document["panels"][:2]]
    return bundle_files(document | {"panels": panels, "hops": document["hops"][:4], "findings": []})


def resealed(files: Files) -> Files:
    """As who changes a file makes the manifest fit again."""
    from hashlib import sha256

    manifest = json.loads(files[MANIFEST])
    for row in manifest["files"]:
        content = files[row["name"]]
        row |= {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    return {**files, MANIFEST: f"{json.dumps(manifest, indent=2)}\n".encode()}


def test_the_same_run_makes_the_same_bytes_and_matches(tmp_path: Path) -> None:
    files = bundle_files(demonstration())
    path = tmp_path / "run.zip"
    path.write_bytes(archive_bytes(files))
    read, sealed = read_archive(path)
    found = verify_files(read, sealed, "run.zip")
    # To match, every file was made a second time and is the same, byte by byte.
    assert (found.matches, found.problems, found.recomputed.differences) == (True, [], [])
    assert {"document.json", "report.html", "report.md", "README.txt", "inputs/dashboard.json"} < set(files)
    assert "tables/panels.csv" in files and "inputs/4-boundary.txt" in files
    assert next(iter(files)) == MANIFEST


def test_two_hundred_changed_bytes_are_found(tmp_path: Path) -> None:
    raw = archive_bytes(bundle_files(PLAIN))
    assert len(raw) < 200_000
    chance = random.Random(1)
    path = tmp_path / "run.zip"
    for place in (chance.randrange(len(raw)) for _ in range(200)):
        changed = bytearray(raw)
        changed[place] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        try:
            found = verify_files(*read_archive(path), "run.zip")
        except InputError:
            continue
        assert not found.matches, place


def test_a_file_is_named_whose_bytes_are_others(small: Files) -> None:
    changed = {**small, "report.md": small["report.md"] + b"\n"}
    found = verify_files(changed, "the seal", "run.zip")
    size = len(small["report.md"])
    assert found.problems == [("report.md", f"has {size + 1:,} bytes, the manifest says {size:,}")]
    assert found.recomputed.counts


CHANGES: dict[str, Callable[[Files], Files]] = {
    "a report": lambda f: {**f, "report.html": f["report.html"].replace(b"DOCUMENTED NEGATIVE", b"SUCCESS")},
    "a table": lambda f: {**f, "tables/panels.csv": f["tables/panels.csv"].replace(b"fail", b"ok")},
    "a configuration": lambda f: {**f, "inputs/4-boundary.txt": b"log_level: info\n"},
    "the document's verdict": lambda f: {
        **f,
        DOCUMENT: f[DOCUMENT].replace(b'"verdict": "fail"', b'"verdict": "ok"', 1),
    },
    "the document's form": lambda f: {**f, DOCUMENT: f[DOCUMENT] + b"\n"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_with_a_manifest_that_fits_is_found(name: str, small: Files) -> None:
    assert verify_files(resealed(small), "", "run.zip").matches
    changed = resealed(CHANGES[name](small))
    assert changed != small
    assert not verify_files(changed, "", "run.zip").matches


def test_a_file_too_many_or_too_few_is_found(small: Files) -> None:
    more = verify_files({**small, "notes.txt": b"x"}, "", "run.zip")
    assert more.problems == [("notes.txt", "is in the archive and not in the manifest")]
    fewer = verify_files({name: content for name, content in small.items() if name != "report.md"}, "", "run.zip")
    assert fewer.problems == [("report.md", "is in the manifest and not in the archive")]
    without = verify_files({name: content for name, content in small.items() if name != DOCUMENT}, "", "run.zip")
    assert not without.matches


def test_a_document_that_kept_nothing_can_be_bundled_too() -> None:
    found = verify_files(bundle_files(PLAIN), "", "run.zip")
    assert found.problems == []


def manifest(**changed: Any) -> Files:
    return {MANIFEST: json.dumps({"schema": "obs-check-bundle/1", "files": [], **changed}).encode()}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "manifest.json cannot be read"),
        ({MANIFEST: b"\xff"}, "manifest.json cannot be read"),
        ({MANIFEST: b"[]"}, "manifest.json cannot be read"),
        (manifest(schema="obs-check-bundle/2"), "of version 'obs-check-bundle/2'"),
        (manifest(files=[{"name": 1}]), "manifest.json cannot be read"),
        (manifest(files=None), "manifest.json cannot be read"),
    ],
)
def test_what_is_no_bundle_of_this_version_is_refused(files: Files, words: str) -> None:
    with pytest.raises(InputError, match=words):
        verify_files(files, "", "run.zip")


def test_the_report_of_another_version_is_not_made_anew(small: Files) -> None:
    other = {**small, MANIFEST: small[MANIFEST].replace(b'"obs_check": "', b'"obs_check": "9.')}
    found = verify_files(other, "", "run.zip")
    assert found.matches
    assert "made by obs-check 9." in found.left["report and tables"]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps(negative()), "utf-8")
    return tmp_path


def test_the_commands(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = negative()["run"]
    assert main(["bundle", "run.json"]) == 0
    assert capsys.readouterr().out == f"{run}.zip\n"
    assert main(["bundle", "verify", f"{run}.zip"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"matches: run {run}, verify, verdict fail, made by obs-check ")
    assert "who made it: it is not signed" in said
    assert main(["bundle", "verify", f"{run}.zip", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["verdict"], document["problems"], document["differences"]) == ("ok", [], [])
    raw = bytearray((kept / f"{run}.zip").read_bytes())
    raw[len(raw) // 2] ^= 1
    (kept / "changed.zip").write_bytes(raw)
    assert main(["bundle", "verify", "changed.zip"]) == 1
    assert capsys.readouterr().out.startswith("DOES NOT MATCH: ")
    (kept / "ended.json").write_text(json.dumps({**negative(), "ended": "terminated", "verdict": "unknown"}), "utf-8")
    assert main(["bundle", "ended.json", "--to", "ended.zip"]) == 0
    assert main(["bundle", "verify", "ended.zip"]) == 0
    assert "verdict unknown (it did not come to its end: terminated), made" in capsys.readouterr().out
    assert main(["bundle", "verify", "run.json"]) == 2
    assert "not a zip" in capsys.readouterr().err
    assert main(["bundle", "none.json"]) == 2


@pytest.mark.real
@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen on PATH")
def test_a_signature(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("mine", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name], check=True)
        key = (kept / f"{name}.pub").read_text().rsplit(" ", 1)[0]
        (kept / f"{name}.signers").write_text(f"{name}@example.invalid {key}\n")
    assert main(["bundle", "run.json", "--to", "signed.zip", "--sign", "mine"]) == 0
    assert main(["bundle", "run.json", "--to", "plain.zip"]) == 0
    capsys.readouterr()
    assert main(["bundle", "verify", "signed.zip", "--signers", "mine.signers"]) == 0
    assert "signed by mine@example.invalid\n" in capsys.readouterr().out
    assert main(["bundle", "verify", "signed.zip"]) == 0
    assert "not checked: signature" in capsys.readouterr().out
    assert main(["bundle", "verify", "signed.zip", "--signers", "other.signers"]) == 1
    assert "is not among those of other.signers" in capsys.readouterr().out
    assert main(["bundle", "verify", "plain.zip", "--signers", "mine.signers"]) == 1
    assert "it is not signed" in capsys.readouterr().out
    files, _ = read_archive(kept / "signed.zip")
    other = resealed({**files, "README.txt": b"x"})
    (kept / "forged.zip").write_bytes(archive_bytes(other))
    assert main(["bundle", "verify", "forged.zip", "--signers", "mine.signers"]) == 1
    assert "the signature does not fit" in capsys.readouterr().out
    (kept / "broken.zip").write_bytes(archive_bytes({**files, SIGNATURE: b"none"}))
    assert main(["bundle", "verify", "broken.zip", "--signers", "mine.signers"]) == 1
    assert main(["bundle", "run.json", "--to", "x.zip", "--sign", "none"]) == 2
    assert "none: not signed" in capsys.readouterr().err
