"""Papers, raw records and tags live here, in one SQLite file.

    opening     the file: is it ours, is it whole, is it of our age; foreign errors become LibraryError
    upgrading   an older library becomes one of today, with a copy of what it was
    copying     a second file, of one moment, checked
    locking     one fetch at a time
    migrations  numbered steps that make the schema (the only place that loads sqlite-utils)
    columns     which noun's field is which column
    selecting   a selection of papers -> SQL, and the light rows that `list` shows
    reading     whole papers with their keys and tags
    counting    a library in numbers
    ledger      the runs: what was asked, what came, what each says of a paper
    history     two states of a paper -> the fields that differ, as texts
    writing     one transaction a batch; what a person made is never touched by a refetch

Nothing is imported here, so that a command loads only what it needs.
"""
