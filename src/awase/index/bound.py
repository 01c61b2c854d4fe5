"""The model of a collection: the one that made its vectors and no other, loaded when it is first needed."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from awase.core.errors import BackendError, ConfigError, IntegrityError
from awase.core.protocols import TextEncoder
from awase.index.items import Row

Given = TextEncoder | Path | str  # a model, or the folder of one


def described(model: Given | None) -> tuple[TextEncoder | None, dict]:
    """A model, and what a collection remembers of it."""
    if model is None:
        return None, {}
    encoder = _loaded(model)
    place = os.path.realpath(model) if isinstance(model, Path | str) else ""
    return encoder, {"model": encoder.name, "model_path": place, "fingerprint": encoder.fingerprint, "dim": encoder.dim}


class BoundModel:
    """Encodes with the model that a collection remembers. `given`: that model, if it is not to be looked for in its folder."""

    def __init__(self, meta: dict, collection: str, given: Given | None = None):
        self._meta, self._collection = meta, collection
        self.dim: int = meta.get("dim", 0)
        self._encoder = None if given is None else self._right(_loaded(given))

    def load(self) -> TextEncoder:
        """The model itself. Errors: E0725 its folder holds another model by now, E0726 there is none."""
        self._encoder = self._encoder or self._found()
        return self._encoder

    def encode(self, texts: Sequence[str], role: str, names: Sequence[str]) -> np.ndarray:
        """(n, dim) float32, finite. `names` tell the user which text an error is about.

        Errors: E0725 the folder holds another model by now, E0726 there is no model, E0731 the model's vectors are unusable.
        """
        vectors = np.asarray(self.load().encode(texts, role=role), np.float32)
        if vectors.shape != (len(texts), self.dim):
            message = f"the model gave vectors of shape {vectors.shape} where {(len(texts), self.dim)} was due"
            raise BackendError("E0731", message, remedy="check the model")
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
        if len(bad):
            place = f"{role} {names[bad[0]]!r}"
            raise BackendError("E0731", "the model gave NaN or infinity", place=place, remedy="check the model")
        return vectors

    def encode_queries(self, queries: Sequence[str]) -> np.ndarray:
        """``encode`` for queries; the vector of one that says nothing is zero, whatever the model makes of it.

        It says nothing if it is blank, or if the model shows its tokens (``knows``) and has none for it: a prompt, or the marks that
        a transformer puts around every text, would else be looked for.
        """
        vectors = self.encode(queries, "query", queries)
        knows = getattr(self.load(), "knows", None)
        said = np.array([not _is_blank(query) for query in queries], bool)
        if knows is not None:
            said &= knows(queries)
        return np.where(said[:, None], vectors, np.float32(0))

    def vectors(self, rows: Sequence[Row]) -> np.ndarray | None:
        """(n, dim) float32 for items: each one's own vector, or the model's for its text. None without a model."""
        if not self.dim:
            return None
        vectors = np.empty((len(rows), self.dim), np.float32)
        encoded = [i for i, row in enumerate(rows) if row.vector is None]
        if encoded:
            vectors[encoded] = self.encode([rows[i].text for i in encoded], "document", [rows[i].id for i in encoded])
        for i, row in enumerate(rows):
            if row.vector is not None:
                vectors[i] = row.vector
        return vectors

    def _found(self) -> TextEncoder:
        place = self._meta["model_path"]
        if not place or not Path(place).exists():
            why = "is not where it was" if place else "was not given as a folder, so it cannot be loaded"
            remedy = "open the collection with its model: Collection.open(path, model), on the command line -m"
            raise ConfigError(
                "E0726", f"the model {self._meta['model']!r} of this collection {why}", place=place, remedy=remedy
            )
        return self._right(_loaded(place))

    def _right(self, encoder: TextEncoder) -> TextEncoder:
        """The model, if it is the one that made the vectors."""
        if encoder.fingerprint != self._meta.get("fingerprint"):
            made = f"the model {self._meta['model']!r} ({self._meta['fingerprint'][:12]})" if self.dim else "no model"
            message = f"this collection was made with {made}, not with {encoder.name!r} ({encoder.fingerprint[:12]})"
            remedy = "give the model that made it, or make a new collection: vectors of two models cannot be compared"
            raise IntegrityError("E0725", message, place=self._collection, remedy=remedy)
        return encoder


def _is_blank(text: str) -> bool:
    """Whether it is spaces, control and format characters, and marks without a letter."""
    return all(unicodedata.category(character)[0] in "ZCM" for character in text)


def _loaded(model: Given) -> TextEncoder:
    from awase.models import text_encoder  # with the libraries that models need

    return text_encoder(model)
