"""Papers, raw records and tags live here, in one SQLite file.

    opening     the file: is it ours, is it whole, is it of our age; foreign errors become LibraryError
    upgrading   an older library becomes one of today, with a copy of what it was
    copying     a second file, of one moment, checked
    locking     one fetch at a time
    migrations  numbered steps that make the schema (the only place that loads sqlite-utils)
    columns     which noun's field is which column
    selecting   which papers, and the light rows that `list` shows
    conditions  what a selection demands of a paper, as SQL
    planning    which of it is looked at first, and by which index
    indexes     what is kept so that a look at a million papers is quick
    reading     whole papers with their keys and tags
    counting    a library in numbers
    ledger      the runs: what was asked, what came, what each says of a paper
    history     two states of a paper -> the fields that differ, as texts
    writing     one transaction a batch; what a person made is never touched by a refetch

Nothing is imported here, so that a command loads only what it needs.
"""
