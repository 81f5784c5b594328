"""Parquet for DuckDB, pandas, polars, R and Spark: a row a paper, lists as lists, row groups of a few thousand."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ..errors import UsageError
from ..model import HeldPaper
from . import titles, wording
from .format import Options
from .shape import shape
from .text import whole

ROWS = 2000
"""Papers in one row group: what is in memory at a time."""


def write(papers: Iterable[HeldPaper], options: Options) -> Iterator[bytes]:
    """The file in pieces, a row group each. Raises UsageError where pyarrow is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'reftrack[parquet]'.") from None
    schema = _schema(pa)
    sink = _Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        rest = iter(papers)
        while rows := [_row(held, options) for held in islice(rest, ROWS)]:
            writer.write_table(pa.Table.from_pylist(rows, schema))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Where pyarrow writes; what it wrote is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, piece: Any) -> int:  # noqa: ANN401 - a buffer of pyarrow's
        data = bytes(piece)
        self._pieces.append(data)
        self._position += len(data)
        return len(data)

    def taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def _schema(pa: Any) -> Any:  # noqa: ANN401 - pyarrow has no types of its own
    text, texts, number = pa.string(), pa.list_(pa.string()), pa.int32()
    notice = pa.struct([("type", text), ("pmid", pa.int64()), ("source", text)])
    section = pa.struct([("label", text), ("text", text)])
    kinds = {
        "pmid": pa.int64(),
        "authors": texts,
        "year": number,
        "languages": texts,
        "publication_types": texts,
        **dict.fromkeys(_FACETS, texts),
        "keywords": texts,
        "mesh": texts,
        "registry_ids": texts,
        "retracted": pa.bool_(),
        "authors_complete": pa.bool_(),
        "notices": pa.list_(notice),
        "labels": texts,
        "queries": texts,
        "restated": pa.bool_(),
        "abstract": pa.list_(section),
    }
    return pa.schema([(name, kinds.get(name, text)) for name in _NAMES])


_FACETS = ("condition", "outcome", "population", "intervention", "dosing", "funding")
_NAME_LIST = """
pmid key type title authors authors_complete journal year date volume issue pages doi pmcid languages publication_types
study condition outcome population intervention dosing funding keywords mesh registry_ids retracted notices decision
labels note queries first_seen restated abstract abstract_text
"""
_NAMES = tuple(_NAME_LIST.split())


def _row(held: HeldPaper, options: Options) -> dict[str, Any]:
    paper = held.paper
    row = shape(held) | {
        "title": titles.plain(paper.title),
        "journal": wording.container(paper, options),
        "languages": list(paper.languages),
        "abstract_text": wording.abstract(paper),
        **{facet: [tag.slug for tag in held.tags if tag.facet == facet] for facet in _FACETS},
    }
    return {name: _clean(row[name]) for name in _NAMES}


def _clean(value: Any) -> Any:  # noqa: ANN401 - what JSON knows
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {name: _clean(one) for name, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value
