"""A query's tree becomes text for a person: as it was written, every bracket there, long lists cut short."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import QueryError
from .syntax import Chain, Node, Term, read
from .tokens import Operator

FEW = 3
"""So many parts of a list are shown where room is short."""
INDENT = "  "


def implied_brackets(term: str) -> str:
    """The query with the brackets that PubMed implies, going from left to right; "" where it implies none."""
    try:
        tree = read(term, judged=False).tree
    except QueryError:
        return ""
    mixed = any(len({operator == "OR" for operator, _ in chain.rest}) > 1 for chain in chains(tree))
    return written(tree) if mixed else ""


def chains(tree: Node) -> Iterator[Chain]:
    """Every bracket or run of operators, in order."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, Chain):
            yield node
            todo += [part for _, part in reversed(node.rest)]
            todo.append(node.first)


def written(node: Node, *, most: int | None = None) -> str:
    """A node on one line, with a bracket around every step from left to right; with `most` only so many of a list."""
    text = _written(node, most)
    return text[1:-1] if isinstance(node, Chain) else text


def _written(node: Node, most: int | None) -> str:
    if isinstance(node, Term):
        return written_term(node)
    shown, before = [_written(node.first, most)], node.rest[0][0]
    for operator, part in node.rest:
        if operator != before:
            shown, before = [f"({_cut(shown, most)})"], operator
        shown.append(f" {operator} {_written(part, most)}")
    return f"({_cut(shown, most)})"


def _cut(parts: list[str], most: int | None) -> str:
    if most is None or len(parts) <= most or not all(part.startswith(" OR ") for part in parts[1:]):
        return "".join(parts)
    return f"{''.join(parts[:most])} OR … {len(parts) - most} more"


def written_term(term: Term) -> str:
    """A term with its quotes and its tag."""
    text = f'"{term.text}"' if term.quoted else term.text
    return text if term.tag is None else f"{text}[{' '.join(term.tag.split())}]"


def leaves(node: Node) -> Iterator[Term]:
    """Every term, in order."""
    todo = [node]
    while todo:
        one = todo.pop()
        if isinstance(one, Term):
            yield one
        else:
            todo += [part for _, part in reversed(one.rest)]
            todo.append(one.first)


def layout(node: Node) -> list[str]:
    """The query with one term a line, so that two queries can be compared line by line whatever their layout was."""
    lines: list[str] = []
    if isinstance(node, Term):
        return [written_term(node)]
    todo: list[tuple[str, Node | str, int]] = [(f"{operator} ", part, 0) for operator, part in reversed(node.rest)]
    todo.append(("", node.first, 0))
    while todo:
        before, one, depth = todo.pop()
        if isinstance(one, str):
            lines.append(f"{INDENT * depth}{before}{one}")
        elif isinstance(one, Term):
            lines.append(f"{INDENT * depth}{before}{written_term(one)}")
        else:
            parts: list[tuple[str, Node | str, int]] = [(before, "(", depth), ("", one.first, depth + 1)]
            parts += [(f"{operator} ", part, depth + 1) for operator, part in one.rest]
            parts.append(("", ")", depth))
            todo += reversed(parts)
    return lines


def steps(node: Node) -> list[tuple[Operator, Node]]:
    """The parts that all must hold (AND) or must not (NOT) for the query to find a paper: its blocks.

    Brackets that only group such parts are opened. What was joined by OR is one block, with all that stands left of
    the OR on its level, since operators apply from left to right.
    """
    if isinstance(node, Term):
        return [("AND", node)]
    last = max((number for number, (operator, _) in enumerate(node.rest, 1) if operator == "OR"), default=0)
    first: Node = node.first if not last else Chain(node.first, node.rest[:last], node.depth)
    found: list[tuple[Operator, Node]] = [("AND", first)] if last else steps(first)
    for operator, part in node.rest[last:]:
        found += steps(part) if operator == "AND" else [(operator, part)]
    return found
