"""Searching a path, whatever it is: a collection, or a folder, a text or a table of documents by way of its cache."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from awase.apps.local import cached, found
from awase.apps.local.folder import Changes, refresh
from awase.apps.local.table import documents_of, refresh_documents
from awase.core.errors import IntegrityError
from awase.core.protocols import TextEncoder
from awase.index.collection import Collection
from awase.index.items import Result
from awase.index.noted import NotedCollection


class Searched:
    """Something to search, open until ``close`` or the end of a ``with`` block.

    model: a model or its folder. A collection needs it only where its own has moved; a folder is searched by words alone without one (the
    place where a model that ships with Awase would be taken). Raises: ConfigError E0760 for a model folder; as ``Collection.open`` and
    ``refresh``.

    >>> folder = getfixture("tmp_path")
    >>> getfixture("monkeypatch").setenv("XDG_CACHE_HOME", str(folder / "cache"))
    >>> (folder / "texts").mkdir(), (folder / "texts" / "wine.md").write_text("# Red\\n\\nFrom France.")
    (None, 19)
    >>> with Searched(folder / "texts") as texts:
    ...     [(one.id, one.metadata) for one in texts.search("france")]
    [('wine.md:1', {'path': 'wine.md', 'line': 1})]
    """

    def __init__(self, path: Path | str, model: Path | str | TextEncoder | None = None):
        self.path = Path(path)
        self.kind = found.kind_of(self.path)
        if self.kind == "model":
            raise found.no_model(self.path)
        self.changes = Changes()
        self._documents = documents_of(self.path) if self.kind == "documents" else None
        if self.kind == "documents" and self._documents is None:
            self.kind = "texts"
        self._root = Path(os.path.realpath(self.path))
        self._place = cached.place_of(self.path)
        self._encoder = None
        if self.kind == "collection":
            self.collection = Collection.open(self.path, model)
            return
        if model is not None:
            from awase.models import text_encoder

            self._encoder = text_encoder(model)
        self.collection: Collection = self._updated()

    def __enter__(self) -> "Searched":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        self.collection.close()

    def update(self) -> Changes:
        """Bring the cache up to date again; what changed."""
        if self.kind == "collection":
            return self.changes
        if not self.collection.path.exists():  # its cache was removed
            self.collection.close()
            self.collection = self._updated()
        else:
            with cached.locked(self._place):
                self.changes = self._refreshed(self.collection)
        return self.changes

    def search(self, query: str, k: int = 10, where: str | None = None, mode: str = "hybrid") -> Sequence[Result]:
        """As ``Collection.search`` for one query. A cache in which a byte has changed is made again."""
        try:
            return self.collection.search([query], k, where=where, mode=mode)[0]
        except IntegrityError:
            if self.kind == "collection":
                raise
        self.collection.close()
        with cached.locked(self._place):
            cached.remove_collection(self.collection.path)
        self.collection = self._updated()
        return self.collection.search([query], k, where=where, mode=mode)[0]

    def _updated(self) -> NotedCollection:
        with cached.locked(self._place), ExitStack() as stack:
            collection = stack.enter_context(cached.opened(self._place, str(self._root), self._encoder))
            self.changes = self._refreshed(collection)
            stack.pop_all()  # it stays open
        return collection

    def _refreshed(self, collection: Collection) -> Changes:
        assert isinstance(collection, NotedCollection)
        if self._documents is not None:
            return refresh_documents(collection, self._root, self._documents)
        return refresh(collection, self._root)
