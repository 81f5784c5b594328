"""Labelled papers of the shared corpus become gold files for `reftrack rules evaluate`.

python tests/gold.py study-types labelled-1581.jsonl --pmids held-out > gold.jsonl
python tests/gold.py cerebrolysin FOLDER > gold.jsonl
"""

import argparse
import csv
import json
import sys
from pathlib import Path

STUDY_TYPES = {
    "Human-systematic-review": "systematic-review",
    "Non-systematic-review": "narrative-review",
    "Human-non-RCT-non-drug-intervention": "nonrandomized-trial",
    "Human-non-RCT-drug-intervention": "nonrandomized-trial",
    "Human-case-report": "case-report",
    "Animal-other": "animal",
    "Animal-drug-intervention": "animal",
    "Animal-non-drug-intervention": "animal",
    "In-vitro-study": "in-vitro",
    "Clinical-study-protocol": "protocol",
    "Human-RCT-drug-intervention": "rct",
    "Human-RCT-non-drug-intervention": "rct",
    "Human-RCT-non-intervention": "rct",
    "Remaining": "",
}
OTHER_STUDY_TYPES = (
    "cohort",
    "case-control",
    "cross-sectional",
    "guideline",
    "editorial-letter",
    "correction",
    "pharmacokinetic",
    "economic",
)
"""What the annotators of the study types called none of their eight."""

NAMES = {
    "non-randomized-trial": "nonrandomized-trial",
    "safety-adverse-events": "adverse-events",
    "language-aphasia": "language",
    "mood-depression": "mood",
    "imaging-infarct-volume": "infarct-volume",
    "edema": "brain-edema",
    "other": "other-condition",
    "none": "",
}
CONDITIONS = (
    "stroke",
    "ischemic-stroke",
    "hemorrhagic-stroke",
    "sah",
    "tbi",
    "dementia",
    "cerebral-palsy",
    "other-condition",
)
OUTCOMES = (
    *("functional-outcome", "neurological-deficit", "motor", "cognition", "memory", "attention", "executive-function"),
    *("language", "mood", "quality-of-life", "mortality", "adverse-events", "consciousness", "infarct-volume"),
    *("cerebral-blood-flow", "neurogenesis", "neuroprotection", "apoptosis", "excitotoxicity", "inflammation"),
    *("oxidative-stress", "neurotrophic-factors", "synaptic-plasticity", "angiogenesis", "blood-brain-barrier"),
    *("brain-edema", "cost"),
)
SHARES = {"all": (0, 1, 2, 3), "even": (0, 2), "odd": (1, 3), "held-out": (0,), "used": (1, 2, 3)}
"""PMIDs by their rest after division by four; weights were fitted without those that have none."""


def study_types(file, pmids="all"):
    """1,581 papers on nervous diseases, one of eight study types each or none. Everything else counts as none."""
    yield {
        "gold": f"study types, {pmids} PMIDs",
        "labelled": ["study"],
        "merge": {"study/meta-analysis": "study/systematic-review"} | dict.fromkeys(OTHER_STUDY_TYPES, ""),
        "note": "Text alone: title, abstract, journal and authors' keywords; labels of StudyTypeTeller, coarse.",
    }
    for line in Path(file).read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        row = json.loads(line)
        if int(row["pmid"]) % 4 in SHARES[pmids]:
            label = STUDY_TYPES[row["label"]]
            yield {
                "pmid": int(row["pmid"]),
                "title": row["title"],
                "journal": row["journal"],
                "abstract": row["abstract"],
                "keywords": row["keywords"],
                "tags": [f"study/{label}"] if label else [],
            }


def cerebrolysin(folder):
    """82 papers on the drug and its neighbours: condition, study type, outcome, and whether it is on the drug."""
    folder = Path(folder)
    yield {
        "gold": "the drug and its neighbours",
        "labelled": ["study", "intervention/cerebrolysin", *CONDITIONS, *OUTCOMES],
        "merge": {"mci": "dementia", "hie": "other-condition"},
        "implied": False,  # functional outcome was judged apart from neurological deficit
        "note": "One reader, from title and abstract; abstracts are restated, half of them cut off.",
    }
    lines = (folder / "papers.jsonl").read_text(encoding="utf-8").split("\n")
    held = {row["id"]: row for row in map(json.loads, filter(None, lines))}
    with (folder / "dev-labels.tsv").open(encoding="utf-8", newline="") as file:
        for label in csv.DictReader(file, delimiter="\t"):
            row = held[label["id"]]
            named = ";".join(label[column] for column in ("study_type", "condition", "outcome")).split(";")
            tags = [NAMES.get(one, one) for one in named]
            if label["is_cerebrolysin"] == "true":
                tags.append("cerebrolysin")
            yield {
                "pmid": int(row["pmid"]) if row["pmid"] else None,
                "id": row["id"],
                "title": row["title"],
                "vernacular_title": row["vernacular_title"],
                "journal": row["journal"],
                "abstract": [{"label": part["label"], "text": part["text"]} for part in row["abstract"]],
                "tags": [tag for tag in tags if tag],
            }


def lines(rows):
    """The gold file, a line a time."""
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=["study-types", "cerebrolysin"])
    parser.add_argument("path", help="labelled-1581.jsonl, or the folder of dev-labels.tsv and papers.jsonl")
    parser.add_argument("--pmids", choices=list(SHARES), default="all", help="study types: this half only")
    given = parser.parse_args()
    rows = study_types(given.path, given.pmids) if given.which == "study-types" else cerebrolysin(given.path)
    sys.stdout.writelines(f"{line}\n" for line in lines(rows))


if __name__ == "__main__":
    main()
