"""A classifier of stances: texts of parents and replies in, probabilities of disagree, neutral and agree out."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from awase.apps.homophily.stance import network
from awase.apps.homophily.stance.parts import Found
from awase.apps.homophily.stance.report import Quality
from awase.apps.homophily.states import UNKNOWN
from awase.core.errors import FormatError, IntegrityError
from awase.core.progress import progress
from awase.models import StaticModel
from awase.models.settings import FORMAT, SETTINGS, setting
from awase.store import files, manifest, read, tensors

if TYPE_CHECKING:
    from awase.data.text.tokenizer import Texts

KIND = "stance classifier"
_TENSORS, _TOKENIZER = "model.safetensors", "tokenizer.json"
_FETCHED = 250_000  # replies whose texts are fetched at a time: each time is a pass over the dump
_JUDGED = 8_192  # pairs whose vectors are held at a time


class Classifier:
    """A static encoder and a linear layer over features of two vectors (``network``), calibrated. Made by ``fit_stance``.

    encoder: the bag of tokens, which does not normalise. head: (4 d, 3), bias: (3,). temperature: what logits are divided by, so that a
    stance given with probability p is right with probability p. quality: how good it is on test pairs.
    """

    kind = "classifier"

    def __init__(self, encoder: StaticModel, head: np.ndarray, bias: np.ndarray, temperature: float, quality: Quality):
        self.encoder, self.head, self.bias, self.temperature, self.quality = encoder, head, bias, temperature, quality

    @property
    def note(self) -> str:
        """What a reader of the report should know."""
        low, high = self.quality.interval
        return (
            f"a classifier that is right on {self.quality.accuracy:.1%} ({low:.1%} to {high:.1%}) of {self.quality.n_test:,} test pairs, where "
            f"always saying the most frequent stance is right on {self.quality.majority:.1%}; its errors make all users look more alike"
        )

    def probabilities(self, parents: "Texts", replies: "Texts") -> np.ndarray:
        """float64 (n, 3): of disagree, neutral, agree, for each pair of texts. Raises as ``Tokenizer.encode``."""
        found = np.empty((len(parents), network.N_STANCES))
        for first in range(0, len(found), _JUDGED):
            some = slice(first, first + _JUDGED)
            u, v = self.encoder.encode(parents[some]), self.encoder.encode(replies[some])
            logits = network.logits(u, v, self.head, self.bias).astype(np.float64) / self.temperature
            found[some] = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
        return found

    def predict(self, parents: "Texts", replies: "Texts") -> np.ndarray:
        """int8 (n,): the most probable stance of each reply towards its parent. Raises as ``probabilities``."""
        return self.probabilities(parents, replies).argmax(axis=1).astype(np.int8)

    def stances(self, parents: np.ndarray, replies: np.ndarray, texts: Callable[[np.ndarray], pa.Table]) -> Found:
        """The stances of distinct replies towards their parents, uint64 ids (n,) both. UNKNOWN where either has no text.

        ``texts`` is asked for some hundred thousand at a time, neighbours by parent together, so that memory is bounded.
        """
        stance = np.full(len(replies), UNKNOWN, np.int8)
        missing = np.zeros(2, np.int64)
        order = np.argsort(parents, kind="stable")
        with progress("labelling", len(order), "replies") as bar:
            for first in range(0, len(order), _FETCHED):
                rows = order[first : first + _FETCHED]
                table = texts(np.unique(np.concatenate([parents[rows], replies[rows]])))
                ids, column = table["id"].to_numpy(), table["text"].combine_chunks()
                places = [_found(ids, wanted[rows]) for wanted in (parents, replies)]
                missing += [np.count_nonzero(place < 0) for place in places]
                both = (places[0] >= 0) & (places[1] >= 0)
                at = [place[both] for place in places]
                for begin in range(0, len(at[0]), _JUDGED):
                    pair = [column.take(pa.array(place[begin : begin + _JUDGED])) for place in at]
                    stance[rows[both][begin : begin + _JUDGED]] = self.predict(*pair)
                bar.advance(len(rows))
        return Found(stance, int(missing[0]), int(missing[1]))

    def save(self, path: Path | str) -> None:
        """Writes a folder in one step, with a manifest. Raises ConfigError E0303 for a place that holds something else."""
        settings: dict[str, Any] = {
            "format": FORMAT,
            "kind": KIND,
            "temperature": self.temperature,
            "drop_unknown": self.encoder.tokenizer.drop_unknown,
            "quality": asdict(self.quality),
        }
        with files.folder(path) as folder:
            tensors.save(folder / _TENSORS, {"embedding.weight": self.encoder.table, "head": self.head, "bias": self.bias})
            files.write_bytes(folder / _TOKENIZER, self.encoder.tokenizer.to_json().encode())
            files.write_bytes(folder / SETTINGS, json.dumps(settings, ensure_ascii=False, indent=1).encode())

    @classmethod
    def load(cls, path: Path | str) -> "Classifier":
        """The classifier of a folder that ``save`` wrote.

        Raises IntegrityError E0307 for a damaged folder, FormatError E1033 for one that holds something else, InputError E0304 for none.
        """
        folder, place = Path(path), Path(path) / SETTINGS
        listed = manifest.verify(folder)
        if SETTINGS not in listed:
            raise _not_ours(place, None)
        settings = read.json_object(place)
        if settings.get("kind") != KIND or settings.get("format") != FORMAT:
            raise _not_ours(place, settings.get("kind"))
        arrays = tensors.load(folder / _TENSORS)[0]
        quality, dim = setting(settings, "quality", dict, place), arrays.get("embedding.weight", np.empty((0, 0))).shape[-1]
        shapes = {"head": (4 * dim, network.N_STANCES), "bias": (network.N_STANCES,)}
        if not dim or set(quality) != set(Quality.__dataclass_fields__):
            raise _not_ours(place, KIND)
        for name, shape in shapes.items():
            if name not in arrays or arrays[name].shape != shape:
                raise IntegrityError(
                    "E0403", f"{name!r} does not have the shape {shape}", place=str(folder), remedy="fit the classifier again"
                )
            tensors.check_finite(name, arrays[name], place=folder)
        encoder = StaticModel(
            read.whole(folder / _TOKENIZER).decode(), arrays["embedding.weight"], normalize=False,
            name="stance", drop_unknown=setting(settings, "drop_unknown", bool, place),
        )  # fmt: skip
        quality |= {"confusion": tuple(map(tuple, quality["confusion"])), "interval": tuple(quality["interval"])}
        return cls(encoder, arrays["head"], arrays["bias"], setting(settings, "temperature", float, place), Quality(**quality))


def _found(ids: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where each wanted id stands among sorted ids, -1 where it does not."""
    if not len(ids):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)


def _not_ours(place: Path, kind: object) -> FormatError:
    return FormatError(
        "E1033", "this folder holds no stance classifier of a format that this version knows", place=str(place), value=kind,
        remedy="give the folder that fit_stance wrote, or fit one to labelled pairs",
    )  # fmt: skip
