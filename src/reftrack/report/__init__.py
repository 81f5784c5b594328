"""What the library has to tell becomes text: the digest of what changed, for people and for feed readers.

    digest    lines of the ledger and held papers -> Digest, which says each thing once
    words     the sentences that every form of the digest shares
    markdown, html, json, atom    Digest -> text, one module a form
    plain     Digest -> lines, for whoever draws on a terminal

Nothing here reads the library or the clock: the same lines of the ledger give the same text. No text of a record is
trusted: in every form it stays text.
"""
