"""Datasette's part of the site: which tables and views are shown and what they are, and questions asked in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SEARCH = {"fts_table": "papers_fts", "fts_pk": "pmid"}

SHOWN: dict[str, dict[str, Any]] = {
    "library": {
        "title": "Papers, readable",
        "description": "A line a paper: key, year, study type, conditions and outcomes.",
        "sort_desc": "year",
        "facets": ["study", "year"],
        **SEARCH,
    },
    "evidence": {
        "title": "Evidence of tags",
        "description": "Each phrase or heading that spoke for a tag of a paper, with its rule and its weight.",
    },
    "papers": {
        "title": "Papers, every column",
        "description": "The parsed records.",
        "label_column": "title",
        "sort_desc": "year",
        "units": {},
        **SEARCH,
    },
    "authors": {"title": "Authors", "description": "A line for each author of a paper, in their order."},
    "mesh_headings": {"title": "MeSH headings", "description": "As NLM set them; major says that it is a main topic."},
    "publication_types": {"title": "Publication types", "description": "As NLM or the publisher set them."},
    "keywords": {"title": "Keywords"},
    "corrections": {
        "title": "Links between papers",
        "description": "PubMed's CommentsCorrections: retractions, errata, comments, updates.",
        "facets": ["kind"],
    },
    "cited_papers": {"title": "Reference lists", "description": "As far as PubMed has them."},
    "paper_tags": {
        "title": "Tags of papers",
        "description": "What the rules and people together say.",
        "facets": ["facet"],
    },
    "tags": {"title": "All tags", "label_column": "label"},
    "hand_tags": {"title": "Tags by hand"},
    "decisions": {"title": "Decisions of readers", "facets": ["verdict", "who"]},
    "notes": {"title": "Notes of readers"},
    "labels": {"title": "Labels of readers"},
    "citation_keys": {"title": "Citation keys"},
    "runs": {"title": "Runs", "description": "The ledger: what PubMed was asked, and what came.", "sort_desc": "run"},
    "hits": {"title": "Papers of queries", "description": "Which query finds which paper."},
}
"""Tables and views that a person looks at; the others are hidden, not closed."""

QUERIES: dict[str, dict[str, str]] = {
    "trials-without-meta-analysis": {
        "title": "Where are there randomized trials and no meta-analysis?",
        "description": "Condition and outcome, by primary study type. Nothing here says that one should be made.",
        "sql": """SELECT c.label AS condition, o.label AS outcome, sum(s.tag = 'rct') AS randomized_trials,
    max(CASE WHEN s.tag = 'rct' THEN p.year END) AS newest
FROM paper_tags s
JOIN papers p ON p.pmid = s.pmid
JOIN paper_tags pc ON pc.pmid = s.pmid AND pc.facet = 'condition'
JOIN tags c ON c.tag = pc.tag
JOIN paper_tags po ON po.pmid = s.pmid AND po.facet = 'outcome'
JOIN tags o ON o.tag = po.tag
WHERE s.facet = 'study' AND s.is_primary AND s.tag IN ('rct', 'meta-analysis') AND NOT p.retracted
GROUP BY c.tag, o.tag
HAVING randomized_trials > 0 AND sum(s.tag = 'meta-analysis') = 0
ORDER BY randomized_trials DESC, newest DESC""",
    },
    "retracted": {
        "title": "Which held papers are retracted?",
        "description": "With how many held papers cite them, as far as PubMed has reference lists.",
        "sql": """SELECT p.pmid, p.year, p.title, p.journal,
    (SELECT count(*) FROM cited_papers c WHERE c.cited_pmid = p.pmid) AS cited_by_held_papers
FROM papers p WHERE p.retracted ORDER BY p.year DESC, p.pmid DESC""",
    },
    "citing-retracted": {
        "title": "Which held papers cite a retracted one?",
        "description": "As far as PubMed has reference lists. To cite one is no fault: it may have been before.",
        "sql": """SELECT c.pmid, p.year, p.title, r.pmid AS cites_pmid, r.title AS cites
FROM cited_papers c
JOIN papers r ON r.pmid = c.cited_pmid AND r.retracted
JOIN papers p ON p.pmid = c.pmid
ORDER BY p.year DESC, c.pmid DESC""",
    },
    "trials-with-several-papers": {
        "title": "Which trial numbers stand in several papers?",
        "description": "A paper may name other trials than its own: the page Trials says which papers are reports.",
        "sql": """SELECT m.number, m.registry, count(DISTINCT m.pmid) AS papers,
    min(p.year) AS first, max(p.year) AS last, group_concat(DISTINCT m.pmid) AS pmids
FROM trial_marks m JOIN papers p ON p.pmid = m.pmid
WHERE m.registry <> '' GROUP BY m.number HAVING papers > 1 ORDER BY papers DESC, m.number""",
    },
    "no-outcome": {
        "title": "Which papers have no outcome tag?",
        "description": "Abstracts that say too little, or an outcome that the rules do not know.",
        "sql": """SELECT p.pmid, p.year, p.title, p.journal FROM papers p
WHERE NOT EXISTS (SELECT 1 FROM paper_tags t WHERE t.pmid = p.pmid AND t.facet = 'outcome')
ORDER BY p.year DESC, p.pmid DESC""",
    },
    "most-cited": {
        "title": "Which held papers do the others cite most?",
        "description": "Within this library, as far as PubMed has reference lists.",
        "sql": """SELECT p.pmid, count(*) AS cited_by, p.year, p.title, p.authors
FROM cited_papers c JOIN papers p ON p.pmid = c.cited_pmid
GROUP BY p.pmid ORDER BY cited_by DESC, p.year DESC LIMIT 200""",
    },
    "most-cited-authors": {
        "title": "Whose papers do the others cite most?",
        "description": "Within this library; people of one name are counted together.",
        "sql": """SELECT trim(a.family || ' ' || a.initials) AS author, sum(c.cited_by) AS cited_by, count(*) AS papers
FROM (SELECT cited_pmid AS pmid, count(*) AS cited_by FROM cited_papers GROUP BY 1) c
JOIN authors a ON a.pmid = c.pmid AND NOT a.collective
GROUP BY a.family, a.initials ORDER BY cited_by DESC, author LIMIT 200""",
    },
    "cited-and-not-held": {
        "title": "What do held papers cite that is not held?",
        "description": "Where a query may be too narrow. A number leads on to PubMed.",
        "sql": """SELECT c.cited_pmid, count(*) AS cited_by FROM cited_papers c
WHERE NOT EXISTS (SELECT 1 FROM papers p WHERE p.pmid = c.cited_pmid)
GROUP BY c.cited_pmid HAVING cited_by > 1 ORDER BY cited_by DESC LIMIT 200""",
    },
    "authors": {
        "title": "Who publishes most?",
        "description": "People of one name are counted together.",
        "sql": """SELECT trim(a.family || ' ' || a.initials) AS author, count(*) AS papers,
    min(p.year) AS first, max(p.year) AS last
FROM authors a JOIN papers p ON p.pmid = a.pmid WHERE NOT a.collective AND a.family <> ''
GROUP BY a.family, a.initials ORDER BY papers DESC, author LIMIT 200""",
    },
    "journals": {
        "title": "In which journals do they stand?",
        "description": "With how many are filed as randomized trials, and how many are retracted.",
        "sql": """SELECT p.journal, count(*) AS papers, sum(EXISTS (SELECT 1 FROM paper_tags t WHERE t.pmid = p.pmid
        AND t.tag = 'rct' AND t.is_primary)) AS randomized_trials, sum(p.retracted) AS retracted, max(p.year) AS newest
FROM papers p WHERE p.journal <> '' GROUP BY p.journal ORDER BY papers DESC, p.journal LIMIT 200""",
    },
    "phrases": {
        "title": "What do the rules find for a tag?",
        "description": "Each phrase or heading that spoke for the tag, in how many papers, and what it adds at most.",
        "sql": """SELECT e.rule, count(DISTINCT e.pmid) AS papers, max(e.weight) AS weight, min(e.quote) AS for_example
FROM evidence e WHERE e.tag = coalesce(nullif(:tag, ''), 'rct') AND coalesce(e.masked, '') = ''
GROUP BY e.rule ORDER BY papers DESC""",
    },
    "disagreements": {
        "title": "On which papers do readers disagree?",
        "description": "Their newest decisions differ, and no consensus settles it.",
        "sql": """SELECT d.pmid, p.title, group_concat(d.who || ': ' || d.verdict, '; ') AS decisions
FROM decisions d JOIN papers p ON p.pmid = d.pmid
WHERE d.undone = '' AND d.decision IN (SELECT max(decision) FROM decisions WHERE undone = '' GROUP BY pmid, who)
GROUP BY d.pmid HAVING count(DISTINCT d.verdict) > 1 AND sum(d.who = 'consensus') = 0 ORDER BY d.pmid""",
    },
}
"""Name in the address → a question, and its answer in SQL over tables that anybody may look at."""


def metadata(title: str, tables: Iterable[str]) -> dict[str, Any]:
    """What Datasette is told of a library that has these tables."""
    hidden = {table: {"hidden": True} for table in tables if table not in SHOWN}
    queries = {name: dict(told) for name, told in QUERIES.items()}
    return {
        "title": title,
        "databases": {
            "library": {
                "title": "Tables",
                "description": "What the pages are made of. Every table and answer can be had as JSON and CSV.",
                "tables": {**SHOWN, **hidden},
                "queries": queries,
            }
        },
    }
