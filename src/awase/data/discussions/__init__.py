"""Readers of threaded discussions: dumps of Reddit, tables of any forum, mailing lists. All give a Discussion."""

from awase.data.discussions.discussion import BOT, DELETED_TEXT, EVENTS, NO_TEXT, Discussion
from awase.data.discussions.reading import read_discussion
from awase.data.discussions.rows import REPLY, ROOT, THREAD

__all__ = ["BOT", "DELETED_TEXT", "EVENTS", "NO_TEXT", "REPLY", "ROOT", "THREAD", "Discussion", "read_discussion"]
