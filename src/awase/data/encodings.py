"""Which encoding bytes are in that are not UTF-8, and the command that makes UTF-8 of them. Nothing is converted on a guess: a wrong one would
train a wrong model without a sound. So the guess is shown, with what the text would say.
"""

import re
import shlex
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

_LOOKED_AT = 1 << 16  # bytes
_ENOUGH = 0.7  # of the characters that are not ASCII must be common ones
_KOREAN = 0.95  # Korean is common Chinese when it is read as that; the other way round it is not
_NO_KANA = 0.9  # what Japanese without kana counts, so that Chinese in the same bytes wins
_ALIGNED = 0.5  # of the line feeds of UTF-16 are line ends, and not half of another character
_ASTRAL = 0.05  # of characters, at most, lie beyond the basic plane in UTF-32
_UNPACK = {".gz": "gzip -dc", ".bz2": "bzip2 -dc", ".zst": "zstd -dc", ".lz4": "lz4 -dc"}
_ISO_2022_JP = (b"\x1b$B", b"\x1b$@", b"\x1b(J")


class Encoding(NamedTuple):
    """name: as iconv has it. codec: as Python has it."""

    name: str
    codec: str


# What Python decodes strictly, and the first bytes of its common Chinese characters.
_EAST_ASIAN = {
    Encoding("CP932", "cp932"): range(0x88, 0x99),
    Encoding("EUC-JP", "euc_jp"): range(0xB0, 0xD0),
    Encoding("CP949", "cp949"): range(0),
    Encoding("GB18030", "gb18030"): range(0xB0, 0xD8),
    Encoding("BIG5", "big5"): range(0xA4, 0xC7),
}
_CYRILLIC = (Encoding("CP1251", "cp1251"), Encoding("KOI8-R", "koi8_r"))
_WESTERN = (Encoding("CP1252", "cp1252"), Encoding("LATIN1", "latin_1"))


def command(path: str, encoding: Encoding) -> str:
    """The command that makes a UTF-8 file of this one.

    >>> command("faq.csv", Encoding("CP932", "cp932"))
    'iconv -f CP932 -t UTF-8 faq.csv > utf8-faq.csv'
    """
    file = PurePath(path)
    unpack = _UNPACK.get(file.suffix.lower())
    out = shlex.quote(str(file.with_name(f"utf8-{file.stem if unpack else file.name}")))
    given = shlex.quote(path)
    if unpack:
        return f"{unpack} {given} | iconv -f {encoding.name} -t UTF-8 > {out}"
    return f"iconv -f {encoding.name} -t UTF-8 {given} > {out}"


def wide_encoding_of(data: bytes) -> Encoding | None:
    """UTF-16 or UTF-32, by a byte order mark or, without one, by where the zeros stand; None for other bytes.

    >>> wide_encoding_of("質問,回答\\n".encode("utf-16-le")).name, wide_encoding_of(b"one\\0\\n")
    ('UTF-16LE', None)
    """
    for mark, name in (
        (b"\xff\xfe\0\0", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
    ):
        if data.startswith(mark):
            return Encoding(name, name.lower())
    if b"\0" not in data[:_LOOKED_AT]:
        return None
    feeds = data.count(b"\n", 0, _LOOKED_AT)
    for width, order in ((4, "LE"), (4, "BE"), (2, "LE"), (2, "BE")):
        n = min(len(data), _LOOKED_AT) // width
        units = np.frombuffer(data, np.uint8, n * width).reshape(n, width)
        if n and _is_wide(units[:, ::-1] if order == "BE" else units, feeds):
            name = f"UTF-{8 * width}{order}"
            return Encoding(name, name.lower())
    return None


def _is_wide(units: np.ndarray, feeds: int) -> bool:
    """Whether little-endian units (n, 2 or 4) are characters: the high half of some is zero, the low half of none, line feeds are whole."""
    low, high = units[:, 0], units[:, 1:]
    if (high[:, 1:] > 0).any(axis=1).mean() > _ASTRAL:
        return False
    blank = (high == 0).all(axis=1)
    if not blank.any() or (low[blank] == 0).any():
        return False
    return bool((blank & (low == 0x0A)).sum() >= _ALIGNED * feeds if feeds else blank.mean() >= _ALIGNED)


def is_iso_2022_jp(data: bytes) -> bool:
    """Whether bytes are seven-bit Japanese, which is valid UTF-8 and means nothing as that."""
    return b"\x1b" in data and any(escape in data for escape in _ISO_2022_JP)


def likely(data: bytes) -> Encoding | None:
    """The encoding of bytes that are not UTF-8, by which characters they would be; None if it is none that we know.

    >>> [likely("質問と答え、café".encode(codec, "ignore")).name for codec in ("cp932", "euc_jp")], likely("café".encode("latin-1")).name
    (['CP932', 'EUC-JP'], 'CP1252')
    """
    sample = data[:_LOOKED_AT]
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    shares = {encoding: _share(sample, encoding, leads) for encoding, leads in _EAST_ASIAN.items()}
    best = max(shares, key=lambda encoding: shares[encoding])
    korean = Encoding("CP949", "cp949")
    if shares[korean] >= _KOREAN and best.name == "GB18030":
        best = korean
    if shares[best] >= _ENOUGH:
        return best
    high = sum(byte >= 0xC0 for byte in sample)
    letters = high + sum(byte < 0x80 and chr(byte).isalpha() for byte in sample)
    if high > 0.6 * letters:
        lower = sum(byte >= 0xE0 for byte in sample)
        return _CYRILLIC[0] if 2 * lower > high else _CYRILLIC[1]
    return next((encoding for encoding in _WESTERN if decoded(sample, encoding) is not None), None)


def decoded(data: bytes, encoding: Encoding) -> str | None:
    try:
        return data.decode(encoding.codec)
    except UnicodeDecodeError:
        return None


def _share(data: bytes, encoding: Encoding, leads: range) -> float:
    """The share of common characters among those that are not ASCII: kana for Japanese, hangul for Korean, frequent Chinese characters."""
    text = decoded(data, encoding)
    others = re.sub(r"[\x00-\x7f\u3000-\u303f\uff01-\uff60]", "", text) if text else ""
    if not others:
        return 0.0
    if encoding.name == "CP949":
        return len(re.findall(r"[\uac00-\ud7a3]", others)) / len(others)
    kana = len(re.findall(r"[\u3041-\u30ff]", others))
    common = sum(character.encode(encoding.codec)[0] in leads for character in re.findall(r"[\u4e00-\u9fff]", others))
    is_japanese = encoding.codec in ("cp932", "euc_jp")
    share = (common + kana * is_japanese) / len(others)
    return share * _NO_KANA if is_japanese and not kana else share
