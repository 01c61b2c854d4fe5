"""Files that are not UTF-8: the encoding is named, with the command that converts the file, and nothing is read wrongly."""

import bz2
import gzip
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awase.core.errors import FormatError
from awase.data.corpus import read_corpus
from awase.data.documents import read_documents
from awase.data.encodings import likely, wide_encoding_of
from awase.data.links import read_links
from awase.data.pairs import read_pairs

TEXTS = {
    "ja": "質問,回答\n駅はどこですか,橋の向こうにあります\nプリンターが動きません,トナーを交換してください\n",
    "ko": "질문,답변\n역은 어디에 있습니까,다리 건너편에 있습니다\n프린터가 작동하지 않습니다,토너를 교체하십시오\n",
    "zh": "问题,答案\n车站在什么地方,在桥的那一边\n打印机不能工作,请更换墨粉盒\n",
    "tw": "問題,答案\n車站在什麼地方,在橋的那一邊\n印表機不能工作,請更換碳粉匣\n",
    "ru": "вопрос,ответ\nгде находится вокзал,за мостом\nпринтер не работает,замените тонер\n",
    "fr": "question,réponse\nOù est la gare,derrière le café\nL'imprimante à côté,changez le toner usé\n",
    "de": "Gefühl,Antwort\nWo ist die nächste Brücke,über dem Fluß\n",
}
NAMED = [
    ("ja", "cp932", "CP932"), ("ja", "euc_jp", "EUC-JP"), ("ko", "cp949", "CP949"), ("zh", "gb18030", "GB18030"), ("tw", "big5", "BIG5"),
    ("ru", "cp1251", "CP1251"), ("ru", "koi8_r", "KOI8-R"), ("fr", "latin_1", "CP1252"), ("de", "cp1252", "CP1252"),
    ("ja", "iso2022_jp", "ISO-2022-JP"), ("ja", "utf-16", "UTF-16"), ("ja", "utf-32", "UTF-32"), ("ja", "utf-16-le", "UTF-16LE"),
    ("ja", "utf-16-be", "UTF-16BE"), ("fr", "utf-16-le", "UTF-16LE"), ("de", "utf-16-be", "UTF-16BE"), ("ja", "utf-32-le", "UTF-32LE"),
    ("fr", "utf-32-be", "UTF-32BE"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "codec", "name"), NAMED)
def test_the_encoding_is_named_and_its_command_works(tmp_path, language, codec, name):
    path = tmp_path / "my faq.csv"
    path.write_bytes(TEXTS[language].encode(codec))
    readers = {
        "pairs": read_pairs,
        "links": lambda file: read_links(file, "pairs"),
        "documents": lambda file: [*read_documents(file)],
    }
    for kind, reader in readers.items():
        with pytest.raises(FormatError) as caught:
            reader(path)
        assert caught.value.code == "E0103", kind
        command = f"iconv -f {name} -t UTF-8 '{path}' > '{tmp_path / 'utf8-my faq.csv'}'"
        assert command in caught.value.remedy, kind
    if shutil.which("iconv"):
        subprocess.run(command, shell=True, check=True)
        assert (tmp_path / "utf8-my faq.csv").read_text(encoding="utf-8-sig") == TEXTS[language]


@pytest.mark.parametrize(("language", "codec", "name"), NAMED)
def test_a_corpus_is_refused_too(tmp_path, language, codec, name):
    path = tmp_path / "corpus.txt"
    path.write_bytes((TEXTS[language] * 20).replace(",", " ").encode(codec))
    with pytest.raises(FormatError, match=f"iconv -f {name} -t UTF-8"):
        read_corpus(path, min_count=1)


def test_a_guess_shows_how_it_reads(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXTS["ja"].encode("cp932"))
    with pytest.raises(FormatError, match="it may be CP932, and read '質問,回答'"):
        read_pairs(path)


@pytest.mark.parametrize(
    ("pack", "suffix", "unpack"), [(gzip.compress, ".gz", "gzip -dc"), (bz2.compress, ".bz2", "bzip2 -dc")]
)
def test_compressed_files_are_unpacked_on_the_way(tmp_path, pack, suffix, unpack):
    path = tmp_path / f"a.csv{suffix}"
    path.write_bytes(pack(TEXTS["ja"].encode("euc_jp")))
    with pytest.raises(FormatError) as caught:
        read_pairs(path)
    assert f"{unpack} {path} | iconv -f EUC-JP -t UTF-8 > {tmp_path / 'utf8-a.csv'}" in caught.value.remedy


def test_bytes_far_into_a_file_are_told_by_their_own_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"query,answer\n" + b"plain,row\n" * 50_000 + "駅はどこですか,橋の向こうにあります\n".encode("cp932"))
    with pytest.raises(FormatError, match="it may be CP932, and read '駅はどこですか,橋の向こうにあります'") as caught:
        read_pairs(path)
    assert caught.value.place == f"{path}:50002:1"
    pairs = read_pairs(path, on_bad="skip")
    assert (len(pairs), pairs.bad.n) == (1, 1)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(0, 3))
def test_utf8_is_never_taken_for_another(text, zeros):
    """With a few zeros among them too, which are told with their row."""
    data = ("query,answer\n" + text + "\0" * zeros + "\nplain,row\n").encode()
    assert wide_encoding_of(data) is None


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_an_answer(data):
    wide_encoding_of(data)
    likely(data)
