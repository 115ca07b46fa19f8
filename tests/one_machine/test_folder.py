"""One process has a folder, and no folder is on a network share."""

from pathlib import Path

import pytest

from shipby_local.one_machine.folder import FolderInUseError, ShopFolder


def test_a_second_process_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    with ShopFolder(tmp_path / "shop"), pytest.raises(FolderInUseError, match="in use by another"):
        ShopFolder(tmp_path / "shop").acquire()
    with ShopFolder(tmp_path / "shop"):
        pass


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_network_share_is_refused_whatever_it_is_called(tmp_path: Path, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path}/sh\\040are {kind} rw 0 0\n")
    (tmp_path / "sh are").mkdir()
    with pytest.raises(FolderInUseError, match=f"network share \\({kind}"):
        ShopFolder(tmp_path / "sh are" / "shop", mounts=mounts).acquire()
    ShopFolder(tmp_path / "own", mounts=mounts).acquire().release()


def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderInUseError, match="cannot be used"):
        ShopFolder(tmp_path / "file" / "shop").acquire()
