"""Mailing lists: one mail is one event, whatever its program made of it."""

import mailbox
import time
from email.message import EmailMessage

import numpy as np
import pytest

from awase.core.errors import InputError
from awase.data.discussions import NO_TEXT, REPLY, ROOT, THREAD, read_discussion
from awase.data.discussions.hashing import name_hash

T = 1_030_000_000


def mail(id, sender, seconds, text, **headers):
    message = EmailMessage()
    message["From"] = sender
    message["Date"] = (
        time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(T + seconds)) if isinstance(seconds, int) else seconds
    )
    if id:
        message["Message-Id"] = f"<{id}>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


MAILS = [
    mail(
        "1@x",
        "Ann Noël <Ann@Example.org>",
        0,
        "Shall we?",
        Subject="=?iso-8859-1?q?Caf=E9?=",
        List_Id="The list <talk.example.org>",
    ),
    mail(
        "2@x",
        "bob@example.org",
        60,
        "> Shall we?\n\nYes.\n\nFrom now on\n",
        In_Reply_To="Your message of Monday <1@x>",
        Subject="Re: Café",
    ),
    mail("3@x", "ANN@example.org", 120, "Good.", References="<1@x> <2@x>"),
    mail("4@x", "eve@example.org", 30, "> all quoted", In_Reply_To="<3@x>"),
    mail("4@x", "eve@example.org", 30, "> all quoted", In_Reply_To="<3@x>"),
    mail("5@x", "eve@example.org", 500, "Lost.", In_Reply_To="<none@x>"),
    mail(None, "dan@example.org", 600, "No id."),
    mail("6@x", "dan@example.org", "on a sunny day", "No date."),
]
EXPECTED = {
    "events": 6, "threads": 2, "roots": 1, "replies": 3, "deleted_authors": 0, "deleted_texts": 0, "bots": 0, "by_bots": 0,
    "duplicates": 1, "missing_parents": 1, "before_parent": 1, "bad_times": 1, "bad_rows": 0, "first": T, "last": T + 600,
}  # fmt: skip


def mbox(folder):
    box = mailbox.mbox(folder / "talk.mbox")
    for message in MAILS:
        box.add(message)
    box.close()
    return folder / "talk.mbox"


def maildir(folder):
    box = mailbox.Maildir(folder / "talk")
    names = [box.add(message) for message in MAILS]
    assert len(names) == len(MAILS)
    box.close()
    return folder / "talk"


def single_mails(folder):
    (folder / "talk").mkdir()
    for number, message in enumerate(MAILS):
        (folder / "talk" / f"{number}.txt").write_bytes(message.as_bytes())
    return folder / "talk"


@pytest.mark.parametrize("write", [mbox, maildir, single_mails])
def test_every_kind_of_box_gives_the_same_events(tmp_path, write):
    discussion = read_discussion(write(tmp_path))
    assert discussion.census == EXPECTED
    rows = {row["id"]: row for row in discussion.events.to_pylist()}
    one, two, three, four, five = (rows[name_hash(f"{n}@x")] for n in range(1, 6))
    assert [row["kind"] for row in (one, two, three, four, five)] == [THREAD, ROOT, REPLY, REPLY, REPLY]
    assert {row["thread"] for row in (one, two, three, four)} == {one["id"]}
    assert five["thread"] == name_hash("none@x")
    assert three["parent"] == two["id"]
    assert one["author"] == three["author"] == name_hash("ann@example.org")
    assert (four["flags"], two["flags"]) == (NO_TEXT, 0)
    assert discussion.communities[one["community"]] == "talk.example.org"
    assert discussion.communities[two["community"]] == "talk"
    texts = {row["id"]: row["text"] for row in discussion.texts(np.sort(discussion.column("id"))).to_pylist()}
    assert texts[one["id"]] == "Café\nShall we?"
    assert texts[two["id"]] == "Yes.\n\nFrom now on" if write is not mbox else texts[two["id"]].startswith("Yes.")
    assert len(texts) == 5


def test_mails_that_come_in_several_chunks_and_encodings(tmp_path, monkeypatch):
    from awase.data.discussions import mail as module

    monkeypatch.setattr(module, "_MAILS", 2)
    assert read_discussion(mbox(tmp_path)).census == EXPECTED
    raw = (
        b"From: =?nobody-knows?q?x?= <a@b>\nDate: Thu, 22 Aug 2002 12:36:23 +0100\nMessage-Id: <7@x>\n"
        b"Content-Type: text/plain; charset=unheard-of\n\ncaf\xe9\n"
    )
    (tmp_path / "one.eml").write_bytes(raw)
    discussion = read_discussion(tmp_path / "one.eml")
    assert discussion.texts(discussion.column("id"))["text"].to_pylist() == ["café"]
    assert discussion.column("time").tolist() == [1_030_016_183]


def test_a_file_that_is_no_mail(tmp_path):
    folder = single_mails(tmp_path)
    (folder / "index.json").write_text('{"a": 1}\n')
    with pytest.raises(InputError, match=r"(?s)E0121: not a mail: it has no From, Date or Message-Id.*index.json:1"):
        read_discussion(folder, format="mail")
    discussion = read_discussion(folder, format="mail", on_bad="skip")
    assert discussion.census == EXPECTED | {"bad_rows": 1}
