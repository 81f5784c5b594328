"""MEDLINE's language codes and their names (https://wayback.archive-it.org/org-350/*/nlm.nih.gov/bsd/language_table.html)."""

from __future__ import annotations

LANGUAGES = {
    "afr": "Afrikaans",
    "alb": "Albanian",
    "amh": "Amharic",
    "ara": "Arabic",
    "arm": "Armenian",
    "aze": "Azerbaijani",
    "ben": "Bengali",
    "bos": "Bosnian",
    "bul": "Bulgarian",
    "cat": "Catalan",
    "chi": "Chinese",
    "cze": "Czech",
    "dan": "Danish",
    "dut": "Dutch",
    "eng": "English",
    "epo": "Esperanto",
    "est": "Estonian",
    "fin": "Finnish",
    "fre": "French",
    "geo": "Georgian",
    "ger": "German",
    "gla": "Scottish Gaelic",
    "gre": "Greek",
    "heb": "Hebrew",
    "hin": "Hindi",
    "hrv": "Croatian",
    "hun": "Hungarian",
    "ice": "Icelandic",
    "ind": "Indonesian",
    "ita": "Italian",
    "jpn": "Japanese",
    "kin": "Kinyarwanda",
    "kor": "Korean",
    "lat": "Latin",
    "lav": "Latvian",
    "lit": "Lithuanian",
    "mac": "Macedonian",
    "mal": "Malayalam",
    "may": "Malay",
    "nor": "Norwegian",
    "per": "Persian",
    "pol": "Polish",
    "por": "Portuguese",
    "pus": "Pushto",
    "rum": "Romanian",
    "rus": "Russian",
    "san": "Sanskrit",
    "slo": "Slovak",
    "slv": "Slovenian",
    "spa": "Spanish",
    "srp": "Serbian",
    "swe": "Swedish",
    "tha": "Thai",
    "tur": "Turkish",
    "ukr": "Ukrainian",
    "urd": "Urdu",
    "vie": "Vietnamese",
    "wel": "Welsh",
}
"""`mul` (several) and `und` (undetermined) name no language and are left out."""

_TWO_LETTER_LIST = """
afr:af alb:sq amh:am ara:ar arm:hy aze:az ben:bn bos:bs bul:bg cat:ca chi:zh cze:cs dan:da dut:nl eng:en epo:eo
est:et fin:fi fre:fr geo:ka ger:de gla:gd gre:el heb:he hin:hi hrv:hr hun:hu ice:is ind:id ita:it jpn:ja kin:rw
kor:ko lat:la lav:lv lit:lt mac:mk mal:ml may:ms nor:no per:fa pol:pl por:pt pus:ps rum:ro rus:ru san:sa slo:sk
slv:sl spa:es srp:sr swe:sv tha:th tur:tr ukr:uk urd:ur vie:vi wel:cy
"""
ISO_639_1 = dict(pair.split(":") for pair in _TWO_LETTER_LIST.split())
"""The same languages in two letters, as the web and CSL name them."""
