"""Tab-separated text: the table of CSV without quotes; no cell can hold a tab or a line end."""

from .table import write_tsv as write

__all__ = ["write"]
