"""The two-letter abbreviations of MeSH subheadings (PubMed User Guide, "MeSH Subheadings") and their full names."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from .text import fold

_TABLE = """
AB abnormalities; AD administration and dosage; AE adverse effects; AG agonists; AA analogs and derivatives;
AN analysis; AH anatomy and histology; AI antagonists and inhibitors; BI biosynthesis; BS blood supply; BL blood;
CF cerebrospinal fluid; CS chemical synthesis; CI chemically induced; CH chemistry; CL classification;
CO complications; CN congenital; CY cytology; DF deficiency; DI diagnosis; DH diet therapy; DG diagnostic imaging;
DE drug effects; DT drug therapy; EC economics; ED education; EM embryology; EN enzymology; EP epidemiology;
ES ethics; EH ethnology; ET etiology; GE genetics; GD growth and development; HI history; IM immunology; IN injuries;
IR innervation; IS instrumentation; IP isolation and purification; LJ legislation and jurisprudence; ME metabolism;
MT methods; MI microbiology; MO mortality; NU nursing; OG organization and administration; PS parasitology;
PY pathogenicity; PA pathology; PK pharmacokinetics; PD pharmacology; PH physiology; PP physiopathology;
PO poisoning; PC prevention and control; PX psychology; RE radiation effects; RT radiotherapy; RH rehabilitation;
SC secondary; ST standards; SN statistics and numerical data; SD supply and distribution; SU surgery;
TU therapeutic use; TH therapy; TO toxicity; TM transmission; TR transplantation; TD trends; UL ultrastructure;
UR urine; VE veterinary; VI virology
"""

SUBHEADINGS: Final = MappingProxyType(
    {short.lower(): name for short, _, name in (entry.strip().partition(" ") for entry in _TABLE.split(";"))}
)
_NAMES: Final = frozenset(SUBHEADINGS.values())


def subheading(text: str) -> str:
    """The folded full name of a subheading given by name or abbreviation; "" if it is none."""
    # Records write "administration & dosage"; PubMed's list and its searchers write "and".
    folded = fold(text.replace("&", " and "))
    name = SUBHEADINGS.get(folded, folded)
    return name if name in _NAMES else ""
