"""Made-up manuscripts in the shapes in which programs write them, and a library that knows of the papers."""

import base64
import io
import json
import zipfile
from xml.sax.saxutils import escape, quoteattr

from desk import Workspace
from papers import FIRST_PMID, document, record

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

TITLES = {
    1: "Examplin after concussion in adults: a retracted randomized trial",
    2: "Examplin and recovery of speech, of which there are concerns",
    3: "Examplin in emergency rooms with a table that was corrected",
    4: "Examplin in two hospitals as it was first printed",
    5: "Examplin for acute head injury: an older review",
    6: "Examplin in nursing homes seen from a preprint",
    7: "Examplin in nursing homes seen from a journal",
    8: "Examplin and the balance of older drivers",
    9: "Examplin and the balance of older drivers",
    10: "Examplin in schools, retracted and printed again",
    11: "Examplin in a letter that others commented on",
    12: "Examplin in sports medicine without any notice",
    13: "Examplin in traumatic brain injury and mortality: a randomized controlled trial of 2015",
    14: "Examplin in traumatic brain injury and mortality: a randomized controlled trial of 2022",
}


def pmid(number):
    return FIRST_PMID - 1 + number


def key(number):
    """The citation key that the library gave it."""
    return KEYS[pmid(number)]


KEYS = {}


def link(kind, source, number=None):
    other = f'<PMID Version="1">{pmid(number)}</PMID>' if number else ""
    return (
        f'<CommentsCorrectionsList><CommentsCorrections RefType="{kind}"><RefSource>{source}</RefSource>{other}'
        "</CommentsCorrections></CommentsCorrectionsList>"
    )


EXTRA = {
    1: link("RetractionIn", "J Example. 2021;5(1):9", 91),
    2: link("ExpressionOfConcernIn", "J Example. 2021;5(1):10", 92),
    3: link("ErratumIn", "J Example. 2021;5(1):11", 93),
    4: link("CorrectedandRepublishedIn", "J Example. 2021;5(1):12", 94),
    5: link("UpdateIn", "J Example. 2023;7(1):13", 95),
    6: link("UpdateIn", "J Example. 2021;5(1):14", 7),
    10: link("RetractedandRepublishedIn", "J Example. 2021;5(1):15", 96),
    11: link("CommentIn", "J Example. 2021;5(1):16", 97),
}
YEARS = {5: "2018", 9: "2021", 13: "2015", 14: "2022"}


def made_record(number, extra=""):
    xml = record(
        number, title=f"{TITLES[number]}.", extra=extra or EXTRA.get(number, ""), year=YEARS.get(number, "2020")
    )
    if number in (6, 8):
        xml = xml.replace(
            b"</PublicationType></",
            b'</PublicationType><PublicationType UI="D000076942">Preprint</PublicationType></',
            1,
        )
    doi = f'<ArticleId IdType="doi">10.1000/example.{number}</ArticleId></ArticleIdList>'.encode()
    return xml.replace(b"</ArticleIdList>", doi)


def library(folder):
    """A workspace whose library holds the papers above."""
    workspace = Workspace(folder)
    workspace.file.write_bytes(document(*(made_record(number) for number in TITLES)))
    workspace.run("import", workspace.file)
    for row in workspace.run("list", "--columns", "pmid,key").stdout.splitlines()[1:]:
        number, name = row.split("\t")
        KEYS[int(number)] = name
    return workspace


def item(number, **more):
    """A CSL item as reference managers embed it."""
    return {
        "id": number,
        "type": "article-journal",
        "title": TITLES[number],
        "DOI": f"10.1000/example.{number}",
        "author": [{"family": "Example", "given": "A."}],
        "issued": {"date-parts": [[int(YEARS.get(number, "2020"))]]},
        **more,
    }


def csl_citation(*items, uri="http://zotero.org/users/1/items/"):
    return json.dumps(
        {
            "citationID": "aBcD",
            "properties": {
                "formattedCitation": "\\super 1\\uc0\\u8211{}2\\nosupersub{}",
                "plainCitation": "1–2",
                "noteIndex": 0,
            },
            "citationItems": [{"id": one["id"], "uris": [f"{uri}{one['id']}"], "itemData": one} for one in items],
            "schema": "https://github.com/citation-style-language/schema/raw/master/csl-citation.json",
        }
    )


def zotero(*items):
    return f" ADDIN ZOTERO_ITEM CSL_CITATION {csl_citation(*items)} "


def mendeley(*items):
    """Mendeley Desktop: items are numbered anew in each field."""
    cited = [
        {
            "id": f"ITEM-{at}",
            "itemData": one | {"id": f"ITEM-{at}"},
            "uris": [f"http://www.mendeley.com/documents/?uuid={one['id']}"],
        }
        for at, one in enumerate(items, 1)
    ]
    shown = {"formattedCitation": "(Example, 2020)", "plainTextFormattedCitation": "(Example, 2020)"}
    value = {"citationItems": cited, "mendeley": shown, "properties": {"noteIndex": 0}, "schema": "https://…"}
    return f"ADDIN CSL_CITATION {json.dumps(value)}"


def mendeley_tag(*items):
    """Mendeley Cite: a content control."""
    value = {
        "citationID": "MENDELEY_CITATION_1",
        "citationItems": [{"id": f"u-{one['id']}", "itemData": one, "isTemporary": False} for one in items],
    }
    packed = base64.b64encode(json.dumps(value).encode()).decode()
    return (
        f'<w:sdt><w:sdtPr><w:tag w:val="MENDELEY_CITATION_v3_{packed}"/><w:id w:val="-1"/></w:sdtPr>'
        "<w:sdtContent><w:r><w:t>(Example 2020)</w:t></w:r></w:sdtContent></w:sdt>"
    )


def endnote(*numbers, accession=""):
    def style(text):
        return f'<style face="normal" font="default" size="100%">{escape(text)}</style>'

    cites = "".join(
        f"<Cite><Author>Example</Author><Year>2020</Year><RecNum>{number}</RecNum><DisplayText>[1]</DisplayText><record>"
        f'<rec-number>{number}</rec-number><foreign-keys><key app="EN" db-id="abc">{number}</key></foreign-keys>'
        '<ref-type name="Journal Article">17</ref-type>'
        f"<contributors><authors><author>{style('Example, A.')}</author></authors></contributors>"
        f"<titles><title>{style(TITLES[number])}</title>"
        f"<secondary-title>{style('J Example')}</secondary-title></titles>"
        f"<pages>1-9</pages><volume>1</volume><dates><year>{style('2020')}</year></dates>"
        f"<accession-num>{accession}</accession-num>"
        f"<electronic-resource-num>10.1000/example.{number}</electronic-resource-num>"
        "</record></Cite>"
        for number in numbers
    )
    return f"<EndNote>{cites}</EndNote>"


def run(text):
    return f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def field(code, shown="[1]", pieces=3):
    """A complex field, its code cut into several runs as Word does."""
    size = len(code) // pieces + 1
    cut = [code[at : at + size] for at in range(0, len(code), size)]
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        + "".join(f'<w:r><w:instrText xml:space="preserve">{escape(piece)}</w:instrText></w:r>' for piece in cut)
        + f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run(shown)}<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def simple_field(code):
    return f"<w:fldSimple w:instr={quoteattr(code)}>{run('(1)')}</w:fldSimple>"


def packed_field(xml):
    """EndNote's long form: the records in base64 beside both of two nested fields."""
    data = f'<w:fldData xml:space="preserve">{base64.encodebytes(xml.encode()).decode()}</w:fldData>'
    begin = f'<w:r><w:fldChar w:fldCharType="begin">{data}</w:fldChar></w:r>'
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    return (
        f'{begin}<w:r><w:instrText xml:space="preserve"> ADDIN EN.CITE </w:instrText></w:r>'
        f'{begin}<w:r><w:instrText xml:space="preserve"> ADDIN EN.CITE.DATA </w:instrText></w:r>{end}'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("[1, 2]")}{end}'
    )


def paragraph(*parts):
    return f"<w:p>{''.join(parts)}</w:p>"


def docx(*paragraphs, **parts):
    """A .docx; further parts by name, as `footnotes=…` (inside w:footnotes) or `**{"customXml/item1.xml": …}`."""
    files = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": (
            f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>'
            f"{''.join(paragraphs)}<w:sectPr/></w:body></w:document>"
        ),
    }
    for name, content in parts.items():
        if name in ("footnotes", "endnotes"):
            files[f"word/{name}.xml"] = f'<w:{name} xmlns:w="{W}" xmlns:r="{R}">{content}</w:{name}>'
        else:
            files[name] = content
    return zipped(files)


def odt(*paragraphs):
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<office:body><office:text>{''.join(paragraphs)}</office:text></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def zipped(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()
