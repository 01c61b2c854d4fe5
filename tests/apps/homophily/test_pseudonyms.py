import numpy as np
import pytest

from awase.apps.homophily.pseudonyms import key_of, pseudonyms
from awase.core.errors import InputError

AUTHORS = np.array([0, 1, 2**64 - 1], np.uint64)


def test_a_key_makes_the_same_names_again_and_another_key_others(tmp_path):
    (tmp_path / "key").write_bytes(b"correct horse battery staple\n")
    names = pseudonyms(AUTHORS, key_of(tmp_path / "key"))
    assert names == pseudonyms(AUTHORS, key_of(tmp_path / "key")) and len(set(names)) == 3
    (tmp_path / "other").write_bytes(b"correct horse battery stable\n")
    assert not set(names) & set(pseudonyms(AUTHORS, key_of(tmp_path / "other")))


def test_without_a_file_each_run_has_a_key_of_its_own():
    assert key_of(None) != key_of(None) and len(key_of(None)) == 32


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "key").write_bytes(b"secret\n")
    with pytest.raises(InputError) as caught:
        key_of(tmp_path / "key")
    assert str(caught.value).startswith("E1052: a key has at least 16 bytes")
