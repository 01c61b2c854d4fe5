"""Searching what is on the disk as it is: a folder of texts, one text, or a table of documents, through a cache that follows it.

found.py     what a path is
cached.py    where its cache is, how it is opened, described and removed
folder.py    bringing a cache up to date with files
table.py     the same with a table of documents
search.py    all of it together
"""
