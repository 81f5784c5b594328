"""All that the rules find in a paper."""

from reftrack.tagging.engine import analyse


def findings(paper, rules):
    """All that the rules find in a paper that is read alone, as `why` tells it."""
    return {
        place: (one.score, one.state, one.primary, one.removed, one.evidence(), one.not_counted())
        for place, one in analyse(paper, rules, everything=True).items()
    }
