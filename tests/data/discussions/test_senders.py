"""Who sent a mail that does not say so in its From."""

import pytest

from awase.data.discussions import read_discussion
from awase.data.discussions.mail import _time
from awase.data.discussions.senders import sender

LIST = "<wine@lists.example.org>"


@pytest.mark.parametrize(
    ("fields", "author", "rewritten"),
    [
        ({"From": "Ann <Ann@A.org>"}, "ann@a.org", False),
        ({"From": "Ann <ann@a.org>", "List-Post": f"{LIST}"}, "ann@a.org", False),
        ({"From": f"Ann via Wine {LIST}", "Reply-To": "Ann <ann@a.org>"}, "ann@a.org", True),
        ({"From": f"'Ann' via Wine {LIST}", "X-Original-From": "Ann <ann@a.org>"}, "ann@a.org", True),
        ({"From": f"Ann via Wine {LIST}", "X-Original-Sender": "ann@a.org", "Reply-To": LIST}, "ann@a.org", True),
        ({"From": f"Ann via Wine {LIST}", "Reply-To": LIST}, "ann <wine@lists.example.org>", True),
        ({"From": f"Ann {LIST}", "List-Post": "<mailto:wine@lists.example.org>", "Reply-To": "a@b.org"}, "a@b.org", True),
        ({"From": f"{LIST}", "List-Post": "<mailto:wine@lists.example.org>"}, "wine@lists.example.org", True),
        ({"From": "Bob <noreply@github.com>"}, "bob <noreply@github.com>", True),
        ({"From": "Cid Cox <notifications@github.com>"}, "cid cox <notifications@github.com>", True),
        ({"From": "no-reply@example.org"}, "no-reply@example.org", True),
        ({"From": "bob at b.org (Bob B.)"}, "bob@b.org", False),
        ({"From": "bob (at) b (dot) org"}, "bob@b.org", False),
        ({"From": "Bob <bob at b dot org>"}, "bob@b.org", False),
        ({"From": "bob@b.org (Bob at home)"}, "bob@b.org", False),
        ({"From": ""}, None, False),
    ],
)  # fmt: skip
def test_senders(fields, author, rewritten):
    found = sender(lambda name: fields.get(name, ""))
    assert (found.author, found.rewritten) == (author, rewritten)


def test_people_behind_a_list_are_several_and_counted(tmp_path):
    """All of them have the same From address."""
    mails = [
        f"From: {who} via Wine {LIST}\nMessage-Id: <{n}@x>\nDate: Mon, 01 Jan 2024 10:0{n}:00 +0000\n{more}\nhello\n"
        for n, (who, more) in enumerate(
            [("Ann", "Reply-To: ann@a.org\n"), ("Bob", "Reply-To: bob@b.org\n"), ("Ann", "Reply-To: ann@a.org\n")]
        )
    ]
    path = tmp_path / "list.mbox"
    path.write_text("\n".join("From x@y Mon Jan  1 10:00:00 2024\n" + mail for mail in mails))
    discussion = read_discussion(path, format="mail")
    assert len(set(discussion.column("author").tolist())) == 2 and discussion.census["rewritten_senders"] == 3


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("+0000", 0),
        ("CET", 1),
        ("MEST", 2),
        ("JST", 9),
        ("+0900 (JST)", 9),
        ("+0000 (CET)", 0),
        ("EST", -5),
        ("XYZ", 0),
        ("", 0),
    ],
)
def test_zones_that_have_a_name(zone, hours):
    assert _time(f"Mon, 01 Jan 2024 10:00:00 {zone}") == 1_704_103_200 - 3600 * hours
