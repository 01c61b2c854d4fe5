"""Model folders: what is saved comes back, and what is damaged, swapped or not a model is refused with a reason."""

import json
import pickle
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file

from awase.core.errors import AwaseError, ConfigError, FormatError, InputError, IntegrityError
from awase.data.text.tokenizer import train_tokenizer
from awase.data.trained_on import remember
from awase.models import folder as folders
from awase.models import load, token_table
from awase.models.static import StaticModel
from awase.store import manifest

TEXTS = ["red wine", "white wine", "赤いワイン", "白いワインを飲む", "wine, red and white!"] * 3
TOKENIZER = train_tokenizer(TEXTS, 200)


def made(seed=0, **options):
    table = np.random.default_rng(seed).normal(size=(TOKENIZER.vocab_size, 8)).astype(np.float32)
    return StaticModel(TOKENIZER.to_json(), table, **options)


@pytest.fixture
def saved(tmp_path):
    remembering().save(tmp_path / "model", card="# Wines\n", extra={"report.json": b"{}"})
    return tmp_path / "model"


def remembering():
    model = made()
    model.trained_on = (remember([["red wine", "white wine"]], "wines"),)
    return model


def refused(path, kind=AwaseError):
    with pytest.raises(kind) as caught:
        load(path)
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"name": "wines", "info": {"seed": 3, "data": {"rows": 9}}},
        {"normalize": False, "prompts": {"query": "質問: "}},
        {"drop_unknown": False},
    ],
)
def test_what_is_saved_comes_back(options, tmp_path):
    model = made(**options)
    model.save(tmp_path / "model")
    back = load(tmp_path / "model")
    assert isinstance(back, StaticModel)
    for role in ("query", "document"):
        assert (back.encode(TEXTS, role=role) == model.encode(TEXTS, role=role)).all()
    assert (back.name, back.info, back.prompts, back.normalize) == (model.name, model.info, model.prompts, model.normalize)
    assert back.tokenizer.to_json() == model.tokenizer.to_json()
    assert back.fingerprint == model.fingerprint == made(**options).fingerprint
    again = StaticModel(
        back.tokenizer.to_json(), back.table,
        normalize=back.normalize, prompts=back.prompts, drop_unknown=back.tokenizer.drop_unknown,
    )  # fmt: skip
    assert again.fingerprint == model.fingerprint  # computed, not read


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    remembering().save(tmp_path / "again", card="# Wines\n", extra={"report.json": b"{}"})
    assert (saved / manifest.NAME).read_bytes() == (tmp_path / "again" / manifest.NAME).read_bytes()
    assert sorted(manifest.verify(saved)) == [
        "README.md", "awase.json", "config_sentence_transformers.json", "model.safetensors", "modules.json", "report.json",
        "tokenizer.json", "trained_on.safetensors",
    ]  # fmt: skip
    made().save(tmp_path / "without")
    assert "trained_on.safetensors" not in manifest.verify(tmp_path / "without")


def test_saving_over_a_model_replaces_it_and_over_something_else_does_not(saved, tmp_path):
    made(1, name="newer").save(saved)
    assert load(saved).name == "newer"
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"")
    with pytest.raises(ConfigError, match="E0303"):
        made().save(tmp_path / "photos")


def test_an_extra_file_cannot_take_the_place_of_ours(tmp_path):
    with pytest.raises(
        ConfigError, match=r"E0405: an extra file has the name of a file of the model\n  value: 'tokenizer.json'"
    ):
        made().save(tmp_path / "model", extra={"tokenizer.json": b""})
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", sorted(folders._OURS | {"report.json"}))
@pytest.mark.parametrize("damage", ["missing", "cut short", "a bit flipped", "empty"])
def test_every_damaged_file_is_named(saved, name, damage):
    path = saved / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "cut short":
        path.write_bytes(content[:-1])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        place = len(content) // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    message = refused(saved, IntegrityError)
    assert message.startswith("E0307")
    assert name in message


def test_files_of_two_models_are_not_mixed(saved, tmp_path):
    made(1).save(tmp_path / "other")
    for name in ("model.safetensors", "awase.json"):
        (saved / name).write_bytes((tmp_path / "other" / name).read_bytes())
    assert refused(saved, IntegrityError).startswith("E0307")


def test_without_its_manifest_our_folder_is_refused(saved):
    (saved / manifest.NAME).unlink()
    assert refused(saved, IntegrityError).startswith("E0307: the folder has no manifest.json")


def test_a_model_replaced_while_it_is_read_is_read_again(saved, monkeypatch):
    verify, times = manifest.verify, []

    def verify_slowly(folder, **options):
        listed = verify(folder, **options)
        if not times:
            made(1, name="newer").save(saved)
        times.append(1)
        return listed

    monkeypatch.setattr(manifest, "verify", verify_slowly)
    model = load(saved)
    assert len(times) == 2
    assert model.name == "newer"
    assert (model.encode(TEXTS) == made(1).encode(TEXTS)).all()


def resealed(saved, change):
    """The folder with a changed awase.json and a manifest that fits it, as somebody else could make it."""
    settings = json.loads((saved / "awase.json").read_text())
    settings.update(change)
    (saved / "awase.json").write_text(json.dumps(settings))
    (saved / manifest.NAME).unlink()
    (saved / manifest.NAME).write_bytes(manifest.describe(saved))
    return saved


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "E0404: this model is of a kind or format that this version does not know"),
        ({"kind": ["static"]}, "E0404: this model is of a kind or format that this version does not know"),
        ({"normalize": "yes"}, "E0404: 'normalize' must be a bool"),
        ({"name": None}, "E0404: 'name' must be a str"),
        ({"info": []}, "E0404: 'info' must be a dict"),
        ({"prompts": {"query": 3}}, "E0404: prompts must be texts by name"),
        ({"prompts": ["query"]}, "E0404: prompts must be texts by name"),
        ({"fingerprint": 7}, "E0404: 'fingerprint' must be a str"),
    ],
)
def test_settings_of_the_wrong_kind(saved, change, message):
    assert refused(resealed(saved, change), FormatError).startswith(message)


def test_what_is_no_model(tmp_path):
    assert refused(tmp_path / "nowhere", InputError).startswith("E0401: there is no model here\n  where: ")
    assert refused(tmp_path, FormatError).startswith("E0403: this folder holds no model that we know")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": 1}))
    assert refused(tmp_path / "model.pkl", FormatError).startswith("E0402: a model is a folder, this is a file")


class Trap:
    opened = False

    def __reduce__(self):
        return (setattr, (Trap, "opened", True))


def test_pickles_and_zips_are_refused_unopened(tmp_path):
    (tmp_path / "tokenizer.json").write_text(TOKENIZER.to_json())
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Trap()))
    assert refused(tmp_path, FormatError).startswith("E0308: this is a Python pickle")
    with zipfile.ZipFile(tmp_path / "model.safetensors", "w") as archive:
        archive.writestr("../escaped.txt", "x")
    assert refused(tmp_path, FormatError).startswith("E0308: this is a zip archive")
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    assert refused(tmp_path, FormatError).startswith("E0408: the weights are a pickle")
    with pytest.raises(FormatError, match="E0408"):
        token_table(tmp_path)
    assert not Trap.opened
    assert not (tmp_path.parent / "escaped.txt").exists()


def foreign(folder, tensors, *, config=None, modules=None, tokenizer=None):
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "tokenizer.json").write_text(tokenizer or TOKENIZER.to_json())
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    if modules is not None:
        (folder / "modules.json").write_text(json.dumps(modules))
    return folder


def modules_of(*types):
    return [{"idx": i, "name": str(i), "path": str(i), "type": kind} for i, kind in enumerate(types)]


def test_foreign_folders_are_checked_too(tmp_path):
    table = made().table
    bad = table.copy()
    bad[4, 4] = np.inf
    static = "sentence_transformers.models.StaticEmbedding"
    for tensors, options, message in [
        ({"embeddings": bad}, {"config": {}}, "E0414: 1 rows of the table hold NaN or infinity\n  where: /"),
        ({"embeddings": table[:9]}, {"config": {}}, "E0413: the tokenizer has"),
        ({"embeddings": table}, {"config": {"max_length": "many"}}, "E0404: max_length must be a positive number or null"),
        ({"embeddings": table}, {}, "E0304"),
        ({"embeddings": table, "mapping": np.arange(7) * 99}, {"config": {}}, "E0406: mapping or weights do not fit the table"),
        ({"embeddings": table, "weights": np.ones(3)}, {"config": {}}, "E0406: mapping or weights do not fit the table"),
        ({"embedding.weight": table}, {"modules": {}}, "E0407: modules.json is not a list of modules"),
        ({"embedding.weight": table}, {"modules": modules_of("os.system")}, "E0407: a module is not of sentence-transformers"),
        ({"embedding.weight": table}, {"modules": modules_of(static), "tokenizer": "{}"}, "E0251: this is not a tokenizer"),
        ({"other": table}, {"config": {}}, "E0403: this folder holds no model that we know"),
    ]:
        for path in tmp_path.iterdir():
            path.unlink()
        assert refused(foreign(tmp_path, tensors, **options)).startswith(message)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_model2vec_tables_are_folded(dtype, tmp_path):
    full = made().table.astype(dtype)
    distinct, mapping = np.unique(np.arange(len(full)) % 20, return_inverse=True)
    weights = np.random.default_rng(5).random(len(full))
    foreign(tmp_path, {"embeddings": full[:20], "mapping": mapping, "weights": weights}, config={"normalize": True})
    assert len(distinct) == 20
    expected = StaticModel(TOKENIZER.to_json(), full[mapping] * weights[:, None])
    np.testing.assert_allclose(load(tmp_path).encode(TEXTS), expected.encode(TEXTS), atol=1e-6)


def test_max_length_of_model2vec_is_kept(tmp_path):
    foreign(tmp_path, {"embeddings": made().table}, config={"max_length": 2, "normalize": True})
    model = load(tmp_path)
    assert (model.encode(["red wine white white white"]) == model.encode(["red wine"])).all()


def test_token_tables(saved, tmp_path):
    tokenizer, table = token_table(saved)
    assert (table == made().table).all()
    assert tokenizer.to_json() == TOKENIZER.to_json()
    spec = json.loads(TOKENIZER.to_json()) | {
        "truncation": {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    }
    weights = {"bert.embeddings.word_embeddings.weight": made().table.astype(np.float16), "bert.pooler": np.zeros((2, 2))}
    foreign(tmp_path / "transformer", weights, config={}, tokenizer=json.dumps(spec))
    tokenizer, table = token_table(tmp_path / "transformer")
    assert table.dtype == np.float32
    np.testing.assert_allclose(table, made().table, atol=0.01)
    assert len(tokenizer.encode(["red wine"]).ids) == 2  # the table has no longest text
    foreign(tmp_path / "other", {"pooler": np.zeros((2, 2))}, config={})
    with pytest.raises(FormatError, match=r"E0416: there are 0 token tables in model\.safetensors; one is needed"):
        token_table(tmp_path / "other")
    with pytest.raises(InputError, match="E0401"):
        token_table(tmp_path / "nowhere")
