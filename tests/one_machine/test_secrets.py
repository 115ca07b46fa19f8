"""Sellers' keys lie encrypted, and another secret does not open them."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from shipby.adapters.sqlite.database import Database
from shipby.adapters.sqlite.secrets import SecretParameters, WrongSecretError, machine_secret
from shipby.domain.errors import InvalidInputError

KEY = {"client_id": "700001", "api_key": "the-marketplaces-own-key"}


def test_a_key_is_read_back_and_lies_nowhere_in_the_clear(tmp_path: Path, database: Database) -> None:
    secret = machine_secret(tmp_path)
    SecretParameters(database, secret).put("700001", "ozon", KEY)
    assert machine_secret(tmp_path) == secret
    assert SecretParameters(database, secret).json("700001", "ozon") == KEY
    assert SecretParameters(database, secret).json("700001", "channels") is None
    database.read("PRAGMA wal_checkpoint(FULL)")
    assert all(b"marketplaces-own" not in path.read_bytes() for path in tmp_path.iterdir())
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_another_secret_is_refused_before_anything_is_done(tmp_path: Path, database: Database) -> None:
    SecretParameters(database, machine_secret(tmp_path, "correct horse"))
    SecretParameters(database, machine_secret(tmp_path, "correct horse"))
    for other in (machine_secret(tmp_path, "correct house"), machine_secret(tmp_path)):
        with pytest.raises(WrongSecretError, match="another secret"):
            SecretParameters(database, other)


def test_a_sealed_value_opens_in_its_own_place_only(tmp_path: Path, database: Database) -> None:
    parameters = SecretParameters(database, machine_secret(tmp_path))
    parameters.put("700001", "ozon", KEY)
    database.write(lambda c: c.execute("UPDATE secrets SET seller = '700002'"))
    with pytest.raises(InvalidTag):
        parameters.json("700002", "ozon")
    for impossible in ("", "a/b", "a" * 65):
        with pytest.raises(InvalidInputError):
            parameters.put(impossible, "ozon", KEY)
