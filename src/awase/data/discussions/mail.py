"""Mailing lists: mbox files, maildirs and folders of mails. One mail is one event, of whoever sent it.

Mails are parsed one by one by Python's own parser, the only one that reads what three decades of mail programs have written: some thousands
a second.
"""

import email
import email.errors
import email.header
import email.message
import email.utils
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from awase.data.blocks import end_of_lines, read_blocks
from awase.data.discussions.rows import ROWS, UNKNOWN
from awase.data.discussions.senders import sender
from awase.data.rows import BadRow, Chunk

_MAILS = 2_048  # of one chunk
_MAX_MAIL_BYTES = 64 << 20
# With a date at the end, as letters have lines that begin with "From" too.
_SEPARATOR = re.compile(rb"(?<=\n)(?=From [^\n]*\d\d:\d\d[^\n]* \d{4})")
_AFTER_BLANK = re.compile(rb"\r?\n\r?\n\Z")
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_LOOKS_LIKE_MAIL = re.compile(rb"\A(?:From \S|[A-Za-z][A-Za-z0-9-]*:[ \t\r\n])")

_NUMBERED_ZONE = re.compile(r"[+-]\d{4}")
# Hours east of Greenwich. IST and CST mean several; what Python knows is not here.
_ZONES = {
    "BST": 1, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEZ": 1, "MEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "MSD": 4,
    "SAST": 2, "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip


def begins_as_mail(head: bytes) -> bool:
    """Whether a file begins like one: with the separator line of an mbox or a header field."""
    return _LOOKS_LIKE_MAIL.match(head) is not None


class Mail:
    """A reader of files of mails, one or many in each.

    The id is the Message-Id (or, without one, a hash of the head); the parent that of In-Reply-To, else the last of References; the community
    is the List-Id, else ``community``; the text is that of the first text/plain part, without the lines it quotes. A thread is what parents
    link: References name older mails as well, but mail programs cut them and list software changes them.
    """

    format = "mail"

    def __init__(self, paths: Sequence[Path], name: str, community: str):
        self.paths, self.name, self.community = paths, name, community
        self.people: set[str] = set()  # what senders are called, letters and digits alone: a folder may be named after one
        self.counts = {"rewritten_senders": 0}

    def rows(self) -> Iterator[Chunk]:
        self.counts["rewritten_senders"] = 0  # texts are read in a second pass
        rows: list[dict] = []
        bad: list[BadRow] = []
        for number, path in enumerate(self.paths):
            for mail in _mails(path):
                if isinstance(mail, BadRow):
                    bad.append(mail)
                    continue
                row = self._row(mail[1])
                if row is None:
                    bad.append(_not_a_mail(number, path, *mail))
                else:
                    rows.append(row)
                if len(rows) + len(bad) >= _MAILS:
                    yield _chunk(rows, bad)
                    rows, bad = [], []
        yield _chunk(rows, bad)

    def _row(self, data: bytes) -> dict | None:
        """A mail as a row of ROWS, None for what is no mail."""
        if data.startswith(b"From "):
            data = data[data.find(b"\n") + 1 :]
        mail = email.message_from_bytes(data)
        if not any(mail.get(name) for name in ("From", "Date", "Message-Id")):
            return None
        ids = _MESSAGE_ID.findall(_header(mail, "Message-Id"))
        references = _MESSAGE_ID.findall(_header(mail, "References"))
        above = _MESSAGE_ID.findall(_header(mail, "In-Reply-To"))[:1] or references[-1:]
        who = sender(lambda name: _header(mail, name))
        self.counts["rewritten_senders"] += who.rewritten
        self.people |= {squashed(part) for part in (who.name, (who.author or "").partition("@")[0], who.author or "")} - {""}
        lists = _MESSAGE_ID.findall(_header(mail, "List-Id"))
        return {
            "id": ids[0] if ids else hashlib.sha256(data[: data.find(b"\n\n")]).hexdigest(),
            "parent": above[0] if above else None,
            "author": who.author,
            "community": lists[0] if lists else self.community,
            "time": _time(_header(mail, "Date")),
            "kind": UNKNOWN,
            "title": None if above else _header(mail, "Subject"),
            "body": _own_words(mail),
        }


def squashed(name: str) -> str:
    """A name with nothing but its letters and digits, in lower case: one spelling of many.

    >>> squashed("Jane O'Hara") == squashed("jane.o-hara")
    True
    """
    return "".join(filter(str.isalnum, name.casefold()))


def _chunk(rows: list[dict], bad: list[BadRow]) -> Chunk:
    return Chunk(pa.RecordBatch.from_pylist(rows, ROWS), bad)


def _not_a_mail(number: int, path: Path, line: int, mail: bytes) -> BadRow:
    shown = mail[:80].decode("utf-8", "replace")
    problem = "not a mail: it has no From, Date or Message-Id"
    return BadRow(number, f"{path}:{line}", "", "E0121", problem, shown, "leave the file out")


def _mails(path: Path) -> Iterator[tuple[int, bytes] | BadRow]:
    """The mails of a file with the numbers of their first lines: one begins at each line "From ..." after a blank one."""
    held, line = [], 1
    size = 0
    for block in read_blocks(path, end_of_lines):
        if isinstance(block, BadRow):
            yield block
            continue
        for part in _SEPARATOR.split(block.data):
            if held and part.startswith(b"From ") and _AFTER_BLANK.search(held[-1][-4:]):
                mail = b"".join(held)
                yield line, mail
                line += mail.count(b"\n")
                held, size = [], 0
            size += len(part)
            if size > _MAX_MAIL_BYTES:
                problem = f"the mail is longer than {_MAX_MAIL_BYTES:,} bytes"
                yield BadRow(line, f"{path}:{line}", "", "E0110", problem, None, "leave it out")
                return
            held.append(part)
    if held:
        yield line, b"".join(held)


def _header(mail: email.message.Message, name: str) -> str:
    """A field in one line, encoded words decoded; empty if it is not there."""
    raw = str(mail.get(name, ""))
    if "=?" in raw:
        # Left as it is where nobody knows the encoding.
        with suppress(LookupError, ValueError, email.errors.HeaderParseError):
            raw = str(email.header.make_header(email.header.decode_header(raw)))
    return " ".join(raw.encode("utf-8", "replace").decode().split())


def _time(date: str) -> int | None:
    """Seconds since 1970. A zone that has no number and that nobody knows is taken as UTC."""
    parsed = email.utils.parsedate_tz(date)
    if parsed is None:
        return None
    zone = parsed[9]
    if not zone and not _NUMBERED_ZONE.search(
        date
    ):  # Python knows the names of North America alone, and takes all others as +0000
        words = re.findall(r"[A-Z]{3,5}\b", date)
        zone = next((round(3600 * _ZONES[word]) for word in reversed(words) if word in _ZONES), 0)
    try:
        return email.utils.mktime_tz((*parsed[:9], zone))
    except (ValueError, OverflowError):
        return None


def _own_words(mail: email.message.Message) -> str | None:
    """The first text/plain part without lines that begin with ">"."""
    part = next((part for part in mail.walk() if part.get_content_type() == "text/plain"), None)
    payload = None if part is None else part.get_payload(decode=True)
    if part is None or not isinstance(payload, bytes):
        return None
    try:
        text = payload.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:  # a charset that nobody knows
        text = payload.decode("latin-1")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">")).strip()
