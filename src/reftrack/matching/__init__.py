"""PubMed syntax and a Paper become yes or no: the saved queries, evaluated over held records without PubMed.

`compile_term(term)` reads a query once; the `Matcher` it gives is called with papers. What PubMed knows and a record
does not say is never guessed: narrower headings, synonyms and automatic term mapping are left out with a warning in
`Matcher.warnings`, and a field that a record cannot answer for is refused. Two more differences are inherent: PubMed
finds only phrases that are in its phrase index, here every phrase is looked for as it is written; and PubMed knows
records as they are today. The rules are those of the PubMed User Guide, https://pubmed.ncbi.nlm.nih.gov/help/.
"""

from __future__ import annotations

from ..errors import QueryError
from ..model import Paper
from .compiling import compile_node
from .fields import FIELDS, Field
from .judge import MOST_WILDCARDS, Test, is_filter
from .needs import Either, Every, Need, Numbers, Words, Years, lists_read, need
from .syntax import Node, Term, read, refuse_unknown_tag
from .text import loosen
from .tokens import CURLY, tokenize
from .view import View

__all__ = [
    "FIELDS",
    "Either",
    "Every",
    "Field",
    "Matcher",
    "Need",
    "Numbers",
    "Words",
    "Years",
    "compile_term",
    "loosen",
    "refuse_unknown_tags",
]


class Matcher:
    """A query that has been read: call it with a paper."""

    __slots__ = ("_test", "_tree", "translation", "warnings")

    def __init__(self, test: Test, *, tree: Node, warnings: tuple[str, ...], translation: str) -> None:
        self._test = test
        self._tree = tree
        self.warnings = warnings
        """What a reader must know: where the answer may differ from PubMed's."""
        self.translation = translation
        """The query as understood, every bracket written out; it means the same when read again."""

    def __call__(self, paper: Paper) -> bool:
        """Whether the query finds this paper."""
        return self._test(View.of(paper))

    @property
    def need(self) -> Need | None:
        """What every paper that the query finds must hold (`needs`); None: nothing can be said."""
        return need(self._tree)

    @property
    def lists_read(self) -> frozenset[str]:
        """The lists of a Paper that the query looks at, so that the others need not be read."""
        return lists_read(self._tree)


def compile_term(term: str) -> Matcher:
    """Read a query; QueryError names the place and, where it can, the remedy."""
    reading = read(term)
    stars = term.count("*")
    if stars > MOST_WILDCARDS:
        raise QueryError(
            f"The query cannot be used: it has {stars} wildcards (*), PubMed refuses more than {MOST_WILDCARDS}."
        )
    heeded = dict.fromkeys(reading.warnings)
    test = compile_node(reading.tree, reading, heeded)
    return Matcher(test, tree=reading.tree, warnings=tuple(heeded), translation=_show(reading.tree))


def refuse_unknown_tags(term: str) -> None:
    """QueryError for a field tag that PubMed does not have, with the nearest one.

    PubMed searches such a word in all fields and may not even say so, so a query is looked at before it is sent. What
    else PubMed may make of it is PubMed's to say.
    """
    straight = term.translate(CURLY)
    try:
        tokens = tokenize(straight)
    except QueryError:  # a bracket or quotation mark too many, which PubMed reads in its own way
        return
    for token in tokens:
        if token.kind == "tag":
            refuse_unknown_tag(straight, token)


def _show(node: Node) -> str:
    """The node with a bracket around every step from left to right."""
    if isinstance(node, Term):
        return _show_term(node)
    shown, before = [_show(node.first)], node.rest[0][0]
    for operator, part in node.rest:
        if operator != before:
            shown, before = [f"({''.join(shown)})"], operator
        shown.append(f" {operator} {_show(part)}")
    return f"({''.join(shown)})"


def _show_term(term: Term) -> str:
    # Quotes change nothing but in author names, in dates and numbers they would only be noise.
    bare = (term.field.how == "author" and not term.quoted) or term.field.how in ("date", "number") or is_filter(term)
    text = term.text if bare else f'"{term.text}"'
    suffix = "" if term.exploded else ":noexp"
    if term.distance is not None:
        suffix = f":~{term.distance}"
    return text if is_filter(term) else f"{text}[{term.field.name}{suffix}]"
