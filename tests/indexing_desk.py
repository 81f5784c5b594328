"""A workspace in which NLM indexes made-up records between two fetches, with rules of its own.

`alpha-design` is found in the text alone, `beta-trial` by NLM's publication type, `gamma-outcome` in the text and by a
heading, `delta-outcome` in the text: no weight of a shipped rule matters.
"""

from desk import Workspace
from papers import FIRST_PMID, document, record

PMID = FIRST_PMID
RULES = """
[tag.alpha-design]
facet = 'study'
rank = 901
label = 'Alpha design'
abstract.3 = 'alphadesign'
threshold = 2

[tag.beta-trial]
facet = 'study'
rank = 902
label = 'Beta trial'
abstract.1 = 'betaword'
pt.9 = 'Randomized Controlled Trial'
threshold = 2

[tag.gamma-outcome]
facet = 'outcome'
label = 'Gamma'
abstract.3 = 'gammaword'
mesh.3 = 'Gamma Heading'

[tag.delta-outcome]
facet = 'outcome'
label = 'Delta'
parent = 'gamma-outcome'
abstract.3 = 'deltaword'
mask = 'not deltaword'

[tag.rct]
disabled = true

[tag.human]
disabled = true
"""
TITLE = "Examplin in head injury."
TEXT = "We used an alphadesign. The gammaword rose. The deltaword fell."
TRIAL = '<PublicationType UI="D016449">Randomized Controlled Trial</PublicationType>'
GAMMA = (
    '<MeshHeadingList><MeshHeading><DescriptorName UI="D000000" MajorTopicYN="Y">Gamma Heading</DescriptorName>'
    "</MeshHeading></MeshHeadingList>"
)


def made(number=1, *, status="MEDLINE", title=TITLE, text=TEXT, kinds="", headings=""):
    """A record; `text` is the only section of its abstract."""
    xml = record(number, title=title, abstract=(("RESULTS", text),), extra=headings).decode()
    return (
        xml.replace('Status="MEDLINE"', f'Status="{status}"').replace(
            "</PublicationTypeList>", f"{kinds}</PublicationTypeList>"
        )
    ).encode()


def raw(number=1, **values):
    """A record that NLM has not indexed."""
    return made(number, **{"status": "In-Process"} | values)


def indexed(number=1, **values):
    """The same, indexed: a publication type and a heading were added."""
    return made(number, **{"kinds": TRIAL, "headings": GAMMA} | values)


class IndexingDesk(Workspace):
    """Fetches what a test puts into the file."""

    def __init__(self, folder):
        super().__init__(folder)
        (folder / "rules").mkdir()
        (folder / "rules" / "own.toml").write_text(RULES)

    def bring(self, *records, query="head"):
        """One run over these records."""
        self.file.write_bytes(document(*records))
        return self.run("fetch", query, "--from", self.file)

    def changes(self, number=1):
        """{tag: (before, after, cause)} of what is kept, "" for the paper itself."""
        (shown,) = self.json("show", FIRST_PMID - 1 + number)
        return {one["tag"] or "": (one["before"], one["after"], one["cause"]) for one in shown["tag_changes"]}

    def history(self, number=1):
        return self.run("show", FIRST_PMID - 1 + number).stdout
