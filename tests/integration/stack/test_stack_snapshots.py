"""Snapshots by themselves: whole generations, none in the middle of a deployment, a warning for a big store."""

import asyncio
import logging
from pathlib import Path

import pytest

from shipby_local.stack.emulation import private_names
from shipby_local.stack.emulation.snapshots import SnapshotError, Snapshots

pytestmark = pytest.mark.stack


def test_a_new_generation_replaces_the_old_one_as_a_whole(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    assert snapshots.current() is None
    snapshots.write({"a.json": "{}", "b.json": "{}"})
    snapshots.write({"a.json": "[]"})
    current = snapshots.current()
    assert current is not None
    assert sorted(path.name for path in current.iterdir()) == ["a.json", "manifest.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "current"]


def test_a_half_written_generation_is_never_the_current_one(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.write({"a.json": "{}"})
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "a.json").write_text('{"half')
    current = Snapshots(tmp_path).current()
    assert current is not None
    assert current.name == "1"
    snapshots.write({"a.json": "[]"})
    assert (tmp_path / "current" / "a.json").read_text() == "[]"


def test_a_link_to_a_generation_that_is_gone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to("7")
    with pytest.raises(SnapshotError, match="7, which does not exist"):
        Snapshots(tmp_path).current()


def test_nothing_is_saved_in_the_middle_of_a_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = Snapshots(tmp_path)
    monkeypatch.setattr(private_names, "deploying", lambda: True)
    asyncio.run(snapshots.save())
    assert snapshots.current() is None
    monkeypatch.setattr(private_names, "deploying", lambda: False)
    asyncio.run(snapshots.save())
    assert snapshots.current() is not None


def test_from_a_thousand_postings_on_the_store_warns_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    snapshots = Snapshots(tmp_path)
    monkeypatch.setattr(private_names, "count_rows", lambda sort_key: 999 if sort_key == "POSTING" else 5000)
    with caplog.at_level(logging.WARNING):
        snapshots.collect()
        assert not caplog.records
        monkeypatch.setattr(private_names, "count_rows", lambda sort_key: 1000 if sort_key == "POSTING" else 0)
        snapshots.collect()
        snapshots.collect()
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["1000 postings"]
