"""The only walks through several rooms: the order of things, and nothing else.

    filing    one record: parse → save → key → tag, the step every walk shares
    online    a saved query → NCBI → the library, asked and received reconciled
    surveying what PubMed finds, compared with what is held → what must be asked for
    freshness how well held records are known to be current, which are due
    telling   a changed record → changed, notice, retracted, query by query
    membership, reasons   who joined a query and who left it → why
    offline   PubMed XML files → the saved queries judged here → the library
    deriving  stored records → papers and tags again (`rebuild`, `retag`)

Nothing is imported here, so that `retag` does not load HTTP.
"""
