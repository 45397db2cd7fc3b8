"""own_folder.py, which gives a hostPath folder to the registry's user; only root can really do that."""

import os
from pathlib import Path

import pytest

import own_folder

UID, GID = 4100, 4200

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A storage folder as a registry that ran as root left it, with somebody else's files beside."""
    (tmp_path / "docker" / "registry").mkdir(parents=True)
    (tmp_path / "docker" / "registry" / "blob").touch()
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "lost+found" / "theirs").touch()
    return tmp_path


def run(folder: Path) -> int:
    return own_folder.main([str(folder), str(UID), str(GID)])


def owner(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_uid, status.st_gid


def test_the_folder_and_the_registrys_tree_are_given_away(folder: Path) -> None:
    assert run(folder) == 0
    for path in (".", "docker", "docker/registry", "docker/registry/blob"):
        assert owner(folder / path) == (UID, GID), path


def test_a_new_folder_is_given_away(tmp_path: Path) -> None:
    assert run(tmp_path) == 0
    assert owner(tmp_path) == (UID, GID)


def test_what_others_keep_in_the_folder_is_left_alone(folder: Path) -> None:
    run(folder)
    assert owner(folder / "lost+found") == (0, 0)
    assert owner(folder / "lost+found" / "theirs") == (0, 0)


def test_a_symbolic_link_is_not_followed(folder: Path) -> None:
    link = folder / "docker" / "link"
    link.symlink_to(folder / "lost+found" / "theirs")
    run(folder)
    assert owner(link) == (UID, GID)
    assert owner(folder / "lost+found" / "theirs") == (0, 0)


def test_a_tree_that_is_a_symbolic_link_is_not_entered(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    storage = tmp_path / "storage"
    storage.mkdir()
    (storage / "docker").symlink_to(elsewhere)
    assert run(storage) == 0
    assert owner(elsewhere) == (0, 0)


def test_a_tree_that_is_the_users_already_is_not_walked(folder: Path) -> None:
    os.chown(folder / "docker", UID, GID)
    run(folder)
    assert owner(folder / "docker" / "registry" / "blob") == (0, 0)


def test_a_run_that_was_cut_short_is_taken_up_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_away = os.chown
    given: list[Path] = []

    def cut(path: Path, uid: int, gid: int, *, follow_symlinks: bool) -> None:
        if len(given) == 2:
            raise OSError("cut short")
        given.append(path)
        give_away(path, uid, gid, follow_symlinks=follow_symlinks)

    with monkeypatch.context() as patched:
        patched.setattr(os, "chown", cut)
        assert run(folder) == 1
    test_the_folder_and_the_registrys_tree_are_given_away(folder)


def test_a_second_run_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder)
    capsys.readouterr()
    assert run(folder) == 0
    assert f"0 owners changed to {UID}:{GID}" in capsys.readouterr().out


def test_a_folder_that_is_not_there_fails_with_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "absent") == 1
    assert str(tmp_path / "absent") in capsys.readouterr().err


def test_wrong_usage_prints_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert own_folder.main(["/somewhere"]) == 2
    assert "Usage: own_folder.py FOLDER UID GID" in capsys.readouterr().err
