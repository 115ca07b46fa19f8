"""A copy of a running shop comes back whole, on another machine too; a damaged one does not come back at all."""

from datetime import timedelta
from pathlib import Path

import pytest

from shipby.application.ports.writes import SaveSettings
from shipby.domain.errors import InvalidInputError
from shipby.domain.sellers.settings import SellerSettings
from shipby_local.one_machine.backup import Backups, backup, restore
from shipby_local.one_machine.folder import ShopFolder
from shipby_local.one_machine.machine import Machine
from tests.support import builders as a

LARGE = bytes(range(256)) * 5000


def opened(root: Path) -> Machine:
    return Machine(ShopFolder(root), base_url="http://127.0.0.1:8080", flush=False)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    with ShopFolder(root):
        machine = opened(root)
        machine.store().commit([SaveSettings(SellerSettings(seller="700001", version=1))])
        machine.documents.put("labels/1.pdf", LARGE, content_type="application/pdf")
        machine.put_secret("700001", "ozon", {"client_id": "700001"})
        machine.close()
    return root


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_a_copy_made_while_the_shop_runs_comes_back_whole(shop: Path, tmp_path: Path, passphrase: str) -> None:
    running = opened(shop)
    running.store().commit([SaveSettings(SellerSettings(seller="700002", version=1))])
    copy = backup(shop, tmp_path / "copies", now=a.NOW, passphrase=passphrase)
    running.store().commit([SaveSettings(SellerSettings(seller="700003", version=1))])
    running.close()
    restore(copy, tmp_path / "new" / "shop", passphrase=passphrase)
    back = opened(tmp_path / "new" / "shop")
    assert back.store().sellers() == ["700001", "700002"]
    assert back.documents.get("labels/1.pdf") == LARGE
    assert back.parameters.json("700001", "ozon") == {"client_id": "700001"}
    back.close()
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [copy.name]


def test_an_encrypted_copy_shows_nothing_and_opens_with_its_passphrase_only(shop: Path, tmp_path: Path) -> None:
    copy = backup(shop, tmp_path, now=a.NOW, passphrase="correct horse")
    content = copy.read_bytes()
    assert b"SQLite format" not in content
    assert LARGE[:512] not in content
    for passphrase, said in (("", "is encrypted"), ("correct house", "does not open")):
        with pytest.raises(InvalidInputError, match=said):
            restore(copy, tmp_path / "new", passphrase=passphrase)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_cut_copy_is_refused_and_leaves_nothing(shop: Path, tmp_path: Path, passphrase: str, share: float) -> None:
    copy = backup(shop, tmp_path, now=a.NOW, passphrase=passphrase)
    content = copy.read_bytes()
    copy.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InvalidInputError):
        restore(copy, tmp_path / "new", passphrase=passphrase)
    assert not (tmp_path / "new").exists()


def test_a_folder_with_a_shop_is_never_written_over(shop: Path, tmp_path: Path) -> None:
    copy = backup(shop, tmp_path, now=a.NOW)
    with pytest.raises(InvalidInputError, match="not empty"):
        restore(copy, shop)
    with pytest.raises(InvalidInputError, match="no shop"):
        backup(tmp_path / "nothing", tmp_path, now=a.NOW)
    (tmp_path / "other").write_bytes(b"something else entirely")
    with pytest.raises(InvalidInputError, match="no backup"):
        restore(tmp_path / "other", tmp_path / "new")


def test_a_served_shop_is_copied_when_it_changed_and_the_newest_copies_stay(shop: Path, tmp_path: Path) -> None:
    running, clock, target = opened(shop), a.FixedClock(), tmp_path / "copies"
    backups = Backups(shop, target, clock=clock, kept=2)
    made = []
    for number in range(3):
        clock.advance(timedelta(minutes=1))
        running.store().commit([SaveSettings(SellerSettings(seller=f"70001{number}", version=1))])
        made.append(backups.make())
        assert backups.make() is None  # nothing changed
    running.close()
    assert sorted(target.iterdir()) == made[1:]
    restore(sorted(target.iterdir())[-1], tmp_path / "back")
    back = opened(tmp_path / "back")
    assert back.store().sellers() == ["700001", "700010", "700011", "700012"]
    back.close()
