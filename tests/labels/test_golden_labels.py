"""The accepted pictures: the libraries that draw and rasterise are locked by hash, so every dot has to be the same."""

from pathlib import Path

import pytest

from tests.labels import goldens
from tests.labels.goldens import GOLDENS, KEPT, difference, kept
from tests.labels.label_pictures import Picture, codes, from_png


@pytest.mark.parametrize("name", GOLDENS)
def test_a_golden_label_has_not_changed_by_a_dot(name: str) -> None:
    assert difference(name) == ""


@pytest.mark.parametrize("name", GOLDENS)
def test_the_codes_of_a_golden_label_scan(name: str) -> None:
    read = codes(from_png(kept(name).read_bytes()))
    assert len(read) == {"own": 3, "sticker": 2, "sheet": 9}[name.partition("-")[0]]


def test_no_picture_lies_about_that_nobody_accepted_or_compares() -> None:
    assert {path.stem for path in KEPT.glob("*.png")} == set(GOLDENS)


def test_one_changed_dot_is_told_with_where_to_look_and_how_to_accept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = Picture(4, 2, b"\xff" * 8), Picture(4, 2, b"\xff" * 5 + b"\0" + b"\xff" * 2)
    monkeypatch.setattr(goldens, "KEPT", tmp_path)
    monkeypatch.setitem(GOLDENS, "one", lambda: after)
    (tmp_path / "one.png").write_bytes(before.png)
    said = difference("one")
    assert "1 dots differ, in rows 1 to 1" in said
    assert str(tmp_path / "one.new.png") in said
    assert "--accept" in said
    assert from_png((tmp_path / "one.new.png").read_bytes()) == after
    (tmp_path / "one.png").write_bytes(after.png)
    assert difference("one") == ""
    assert not (tmp_path / "one.new.png").exists()
