"""The library as a site: Datasette with pages of its own, on this machine, to look and never to change.

What stands on a page comes in as the nouns of `pages`; who may ask for one, and what a browser may do with it, is said
in `guard`. The only room that knows Datasette and its server.
"""
