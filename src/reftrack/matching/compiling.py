"""A query's tree becomes one test of a paper."""

from __future__ import annotations

from .judge import Contains, Test, judge
from .judge import warnings as term_warnings
from .syntax import Node, Reading, Term
from .view import View


def compile_node(node: Node, reading: Reading, heeded: dict[str, None]) -> Test:
    """The test for a query or a part of it; what a reader must know is added to `heeded`. Raises QueryError."""
    if isinstance(node, Term):
        heeded.update(dict.fromkeys(term_warnings(node)))
        return judge(node, reading)
    first = compile_node(node.first, reading, heeded)
    rest = [(operator, compile_node(part, reading, heeded)) for operator, part in node.rest]
    if all(operator == "OR" for operator, _ in rest):
        return _any([first, *(test for _, test in rest)])

    def test(view: View) -> bool:
        found = first(view)
        for operator, part in rest:
            # True OR anything, False AND anything, False NOT anything: nothing to ask.
            if found != (operator == "OR"):
                found = part(view) != (operator == "NOT")
        return found

    return test


def _any(tests: list[Test]) -> Test:
    """One of several tests; those that only look for words in the same field become one test."""
    alike: dict[str, list[Contains]] = {}
    others: list[Test] = []
    for test in tests:
        if isinstance(test, Contains):
            alike.setdefault(test.key, []).append(test)
        else:
            others.append(test)
    merged: list[Test] = [
        Contains(
            key, (needle for test in found for needle in test.needles), (near for test in found for near in test.nears)
        )
        for key, found in alike.items()
    ]
    every = merged + others
    return every[0] if len(every) == 1 else lambda view: any(test(view) for test in every)
