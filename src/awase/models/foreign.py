"""Models that are not ours, behind the protocol ``TextEncoder``: sentence-transformers folders and Python callables."""

import hashlib
import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from awase.core.errors import AwaseError, BackendError, ConfigError, FormatError, InputError, missing_extra
from awase.data.text.texts import check_texts, listed

_PICKLE = re.compile(r"(pytorch_model.*\.bin|.*\.(pt|pth|pkl|ckpt))")


class SentenceTransformerModel:
    """A folder that needs the sentence-transformers library, for instance a transformer. Code in it is never run."""

    def __init__(self, folder: Path):
        refuse_pickles(folder)
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise missing_extra("torch", "sentence-transformers") from None
        try:
            self._model = SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:  # whatever the library raises
            raise BackendError(
                "E0409", f"sentence-transformers cannot load this folder: {error}", place=str(folder),
                remedy="check that it loads there; models that need trust_remote_code are refused",
            ) from error  # fmt: skip
        self._folder = folder
        self._fingerprint: str | None = None
        self.name = folder.resolve().name
        self.dim = int(self._model.get_embedding_dimension() or 0)

    @property
    def fingerprint(self) -> str:
        """sha256, in hex, over the names and contents of all files of the folder."""
        if self._fingerprint is None:
            self._fingerprint = self._digest()
        return self._fingerprint

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(path for path in self._folder.rglob("*") if path.is_file()):
            digest.update(path.relative_to(self._folder).as_posix().encode() + b"\0")
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str], *, role: str = "document", dim: int | None = None) -> np.ndarray:
        """float32 (n_texts, dim), unit length, with the prompts that the model has for queries and documents."""
        texts = listed(texts)
        if not len(texts):
            return np.zeros((0, self.dim if dim is None else dim), np.float32)
        encode = self._model.encode_query if role == "query" else self._model.encode_document
        vectors = _asked(encode, list(texts), convert_to_numpy=True, show_progress_bar=False)
        return _units(vectors, len(texts), self.dim, dim, self.name)

    def knows(self, texts: Sequence[str]) -> np.ndarray:
        """bool (n_texts,): whether the tokenizer has more for a text than special tokens, the one for unknown signs among them."""
        tokenizer: Any = getattr(self._model, "tokenizer", None)
        if not hasattr(tokenizer, "all_special_ids"):  # none of the transformers library: what it knows does not show
            return np.ones(len(texts), bool)
        ids = _asked(tokenizer, list(texts), truncation=True)["input_ids"] if len(texts) else []
        return np.array([bool(tokenizer.decode(of, skip_special_tokens=True).strip()) for of in ids], bool)

    def token_counts(self, texts: Sequence[str]) -> tuple[int | None, np.ndarray]:
        """How many tokens of a text are read, None if all, and how many each text has, special ones included."""
        limit, tokenizer = getattr(self._model, "max_seq_length", None), getattr(self._model, "tokenizer", None)
        if not isinstance(limit, int) or not callable(tokenizer):
            return None, np.zeros(0)
        found: Any = _asked(tokenizer, list(texts), truncation=False, verbose=False)
        return limit, np.array([len(ids) for ids in found["input_ids"]])


class CallableModel:
    """A Python function from a list of texts to vectors. See ``wrap``."""

    def __init__(self, function: Callable, name: str, fingerprint: str):
        self.name, self.fingerprint = name, fingerprint
        self._function = function
        self._dim: int | None = None
        parameters = inspect.signature(function).parameters.values()
        self._takes_role = any(p.name == "role" or p.kind is p.VAR_KEYWORD for p in parameters)

    @property
    def dim(self) -> int:
        """Dimensions of a vector; the function is asked once, with one text."""
        dim = self._dim or self._call(["dimensions"], "document").shape[1]
        self._dim = dim
        return dim

    def encode(self, texts: Sequence[str], *, role: str = "document", dim: int | None = None) -> np.ndarray:
        """float32 (n_texts, dim), made unit length. Raises BackendError when the function fails, InputError for its result."""
        texts = listed(texts)
        if not len(texts):
            return np.zeros((0, self.dim if dim is None else dim), np.float32)
        vectors = self._call(list(texts), role)
        return _units(vectors, len(texts), vectors.shape[1], dim, self.name)

    def _call(self, texts: list[str], role: str) -> np.ndarray:
        vectors = np.asarray(_asked(self._function, texts, **({"role": role} if self._takes_role else {})))
        if vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
            raise InputError(
                "E0415", f"{self.name} must give one row of numbers for each text", value=(vectors.shape, str(vectors.dtype)),
                remedy=f"return an array of shape ({len(texts)}, dim)",
            )  # fmt: skip
        return vectors


def wrap(function: Callable, *, name: str | None = None, fingerprint: str | None = None) -> CallableModel:
    """Any function from a list of texts to vectors, (n, dim) array-like, as a model. ``role=`` is passed if it takes that.

    fingerprint: give your own when a collection shall know the model again; by default it is the name of the function.

    >>> model = wrap(lambda texts: [[len(text), 1] for text in texts], name="length")
    >>> model.encode(["", "abc"]).round(2).tolist()
    [[0.0, 1.0], [0.949999988079071, 0.3199999928474426]]
    """
    known_as = name or str(getattr(function, "__qualname__", type(function).__qualname__))
    return CallableModel(function, known_as, fingerprint or f"callable:{getattr(function, '__module__', '')}.{known_as}")


def refuse_pickles(folder: Path) -> None:
    """Raises FormatError E0408 if a part of the folder has its weights as a pickle only."""
    for path in sorted(folder.rglob("*")):
        if _PICKLE.fullmatch(path.name) and not any(path.parent.glob("*.safetensors")):
            raise FormatError(
                "E0408", "the weights are a pickle, which can run code when it is opened", place=str(path),
                remedy="save the model again as safetensors with the library that made it",
            )  # fmt: skip


def _asked(function: Callable, texts: list[str], **options) -> np.ndarray:
    check_texts(texts)
    try:
        return function(texts, **options)
    except AwaseError:
        raise
    except Exception as error:  # somebody else's code
        raise BackendError(
            "E0409", f"the model failed: {type(error).__name__}: {error}", remedy="call it alone with the same texts"
        ) from error


def _units(vectors: np.ndarray, n: int, full: int, dim: int | None, name: str) -> np.ndarray:
    """float32 rows of unit length, cut to ``dim``; zero rows stay zero."""
    width = full if dim is None else dim
    if not 1 <= width <= full:
        raise ConfigError("E0410", f"the model has {full} dimensions", value=dim, remedy=f"dim from 1 to {full}")
    if vectors.shape != (n, full) or not np.isfinite(vectors).all():
        raise InputError(
            "E0415", f"{name} must give {n:,} finite vectors of {full} dimensions", value=vectors.shape,
            remedy="look for NaN, infinity or missing rows in what it returns",
        )  # fmt: skip
    vectors = vectors[:, :width].astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=vectors, where=norms > 0)
