"""Folders of text files: which files there are, what text is in them, and the passages that a search finds."""
