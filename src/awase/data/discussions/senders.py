"""Who wrote a mail, where its From does not say so: lists that write themselves as the sender, shared addresses, disguised ones.

Since DMARC, Mailman and Google Groups write "Ann via List <list@example.org>" as From, and the sender's address elsewhere; archives write
"ann at example.org (Ann)"; bug trackers and hosting services have one address for everybody.
"""

import email.utils
import re
from collections.abc import Callable
from typing import NamedTuple

_VIA = re.compile(r"\s+via\s+.*\Z", re.IGNORECASE | re.DOTALL)
_AT_SIGN = re.compile(r"\s*[(\[{<]\s*at\s*[)\]}>]\s*", re.IGNORECASE)
_DOT_SIGN = re.compile(r"\s*[(\[{<]\s*dot\s*[)\]}>]\s*", re.IGNORECASE)
_AT_WORD = re.compile(r"(?<=\w)(?:\s+at\s+|_at_)(?=\w)", re.IGNORECASE)
_DOT_WORD = re.compile(r"(?<=\w)(?:\s+dot\s+|_dot_)(?=\w)", re.IGNORECASE)
_SHARED = re.compile(
    r"\A(?:no|do-?not|don-?t)[-_.]?reply\b|\Anotifications?\b|\Abounces?\b|\Amailer-daemon\b|\Abugzilla|\Anobody\b"
)
_ORIGINAL = ("X-Original-From", "X-Original-Sender", "X-Mailman-Original-From", "Reply-To")


class Sender(NamedTuple):
    """author: the address, or where it is shared the name with it; name: as the mail shows it; rewritten: From was the list's or shared."""

    author: str | None
    name: str
    rewritten: bool


def sender(header: Callable[[str], str]) -> Sender:
    """The sender of a mail, of which ``header`` gives a field in one line, "" where it is not there.

    >>> fields = {"From": "Ann via Wine <wine@lists.example.org>", "Reply-To": "Ann <ann@a.org>"}
    >>> sender(lambda name: fields.get(name, "")).author
    'ann@a.org'
    >>> sender(lambda name: {"From": "ann at a dot org (Ann)"}.get(name, "")).author
    'ann@a.org'
    """
    name, address = _address(header("From"))
    posted_to = {_address(header(field))[1] for field in ("List-Post", "X-BeenThere", "Sender")} - {""}
    of_list = address == _address(header("List-Post"))[1] != "" or bool(_VIA.search(name))
    shared = bool(_SHARED.match(address))
    if not (of_list or shared):
        return Sender(address or None, name, False)
    name = _VIA.sub("", name).strip(" '\"")
    if of_list:
        for field in _ORIGINAL:
            original = _address(header(field))[1]
            if original and original not in posted_to | {address}:
                return Sender(original, name, True)
    return Sender(f"{name.lower()} <{address}>" if name else address or None, name, True)


def _address(field: str) -> tuple[str, str]:
    """(name, address in lower case) of a field, with what hides the address from programs undone."""
    plain = field.replace("mailto:", "")
    name, address = email.utils.parseaddr(plain)
    if "@" not in address:
        told, comment, _ = _DOT_SIGN.sub(".", _AT_SIGN.sub("@", plain)).partition("(")
        undone = told if "@" in told else _DOT_WORD.sub(".", _AT_WORD.sub("@", told, count=1))
        if "@" in undone:
            name, address = email.utils.parseaddr(undone)
            name = name or (plain[plain.rindex("(") + 1 :].strip(" )") if comment else "")
    return name, address.strip().lower()
