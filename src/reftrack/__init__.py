"""reftrack: a living evidence base from PubMed, on the command line."""

__version__ = "0.1.0"
