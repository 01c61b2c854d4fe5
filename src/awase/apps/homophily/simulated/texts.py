"""Short texts that show a community, a topic and a stance, so that topics and a classifier of stances have something to find."""

import numpy as np
import pyarrow as pa

from awase.apps.homophily.states import UNKNOWN
from awase.data.compute import pc

COMMUNITIES = {
    "politics": "senate ballot governor congress lobbying mayor tariff turnout campaign referendum cabinet veto budget treaty district "
    "coalition minister subsidy parliament election amendment filibuster caucus deficit",
    "soccer": "striker penalty goalkeeper derby midfield offside transfer manager corner league relegation header keeper stadium "
    "defender kickoff referee fixture winger tackle scoreline dribble substitute trophy",
    "cooking": "garlic skillet marinade dough simmer oven paprika broth whisk basil roast butter yeast vinegar caramel noodle "
    "casserole onion glaze lentil saffron pastry stew thyme",
    "astronomy": "telescope nebula orbit eclipse galaxy comet spectrum supernova parallax asteroid redshift eyepiece meteor pulsar "
    "quasar transit aperture dwarf corona lunar satellite equinox exoplanet dust",
    "gaming": "raid cooldown console speedrun loot controller sandbox quest dungeon framerate mod respawn multiplayer patch ranked "
    "sprite shader checkpoint guild boss inventory emulator lobby hitbox",
    "nihon": "温泉 新幹線 桜 味噌 神社 梅雨 弁当 花火 祭り 豆腐 紅葉 着物 相撲 書道 抹茶 将棋 落語 醤油 布団 駅弁 盆栽 俳句 浴衣 古都",
    "gardening": "compost seedling mulch pruning tomato trellis perennial soil aphid orchid fertiliser bulb greenhouse trowel weed "
    "cutting rootstock sunflower watering squash loam blossom shade lavender",
    "music": "chord synth bassline tempo vinyl chorus guitar encore drummer melody reverb album octave sampler lyric jazz piano "
    "remix harmony amplifier concert cello falsetto riff",
    "finance": "dividend mortgage bond inflation portfolio interest hedge broker equity yield credit pension index audit liquidity "
    "savings valuation futures debt payroll margin asset loan currency",
    "hiking": "trail summit backpack ridge campsite boots valley compass waterfall altitude tent forecast switchback map poles canyon "
    "bear ranger blister glacier meadow stove shelter sunrise",
}
_WORDS_EACH = 24
_JAPANESE = np.array([name == "nihon" for name in COMMUNITIES])

# By language and stance (disagree, neutral, agree, none): eight phrases each.
_PHRASES = (
    (
        ("No, that is wrong.", "I disagree.", "That makes no sense.", "You are mistaken.", "Not true at all.", "I doubt that very much.",
         "This is simply false.", "Hard to believe, and wrong."),
        ("Do you have a source?", "Could you explain?", "Interesting question.", "It depends.", "I have not decided yet.", "What do you mean?",
         "Some say so, others do not.", "For context:"),
        ("Yes, exactly.", "I agree.", "Good point.", "You are right.", "Well said, thank you.", "That is true.", "This is spot on.",
         "Same experience here."),
        ("First thoughts:", "My view:", "A short note:", "Just read this.", "Posting what I saw.", "Here is a story.", "From last week:",
         "To begin with:"),
    ),
    (
        ("いや、違います。", "反対です。", "それは間違いです。", "そうは思いません。", "納得できません。",
         "事実と違います。", "おかしいです。", "賛成できません。"),
        ("出典はありますか。", "どういう意味ですか。", "場合によります。", "まだ分かりません。", "詳しく教えてください。",
         "いろいろな意見があります。", "参考までに。", "質問です。"),
        ("その通りです。", "賛成です。", "いい指摘です。", "同感です。", "確かにそうです。", "本当にそう思います。",
         "正しいです。", "ありがとう、同じ意見です。"),
        ("最初の感想です。", "私の意見です。", "短いメモです。", "今読みました。", "見たことを書きます。", "先週の話です。",
         "まずはここから。", "一言だけ。"),
    ),
)  # fmt: skip
# By language: what stands before, between and after two words.
_FRAMES = (
    ((" The ", " and the ", " matter here."), (" Think of the ", ", not of the ", "."), (" With ", " or ", " it is another story."),
     (" It is about ", " more than ", ".")),
    (("", "と", "が大事です。"), ("", "より", "の話です。"), ("", "か", "かで変わります。"), ("", "も", "も関係します。")),
)  # fmt: skip

_N_PHRASES, _N_FRAMES = len(_PHRASES[0][0]), len(_FRAMES[0])
_FLAT_PHRASES = pa.array([phrase for language in _PHRASES for stance in language for phrase in stance])
_FLAT_FRAMES = [pa.array([frame[part] for language in _FRAMES for frame in language]) for part in range(3)]
_FLAT_WORDS = pa.array([word for words in COMMUNITIES.values() for word in words.split()])


def texts(community: np.ndarray, topic: np.ndarray, stance: np.ndarray, n_topics: int, rng: np.random.Generator) -> pa.Array:
    """(n,) what is said on a topic of a community, with a stance towards what it replies to; UNKNOWN for what replies to nothing.

    >>> texts(np.array([1]), np.array([0]), np.array([2]), 2, np.random.default_rng(0))[0].as_py()
    'This is spot on. With keeper or transfer it is another story.'
    """
    n, language = len(community), _JAPANESE[community].astype(np.int64)
    phrase = (language * 4 + np.where(stance == UNKNOWN, 3, stance)) * _N_PHRASES + rng.integers(0, _N_PHRASES, n)
    frame = language * _N_FRAMES + rng.integers(0, _N_FRAMES, n)
    before, between, after = (part.take(pa.array(frame)) for part in _FLAT_FRAMES)
    first, second = (_words(community, topic, n_topics, rng) for _ in range(2))
    return pc.binary_join_element_wise(_FLAT_PHRASES.take(pa.array(phrase)), before, first, between, second, after, "")


def titles(community: np.ndarray, topic: np.ndarray, n_topics: int, rng: np.random.Generator) -> pa.Array:
    """(n,) three words of a topic of a community."""
    return pc.binary_join_element_wise(*(_words(community, topic, n_topics, rng) for _ in range(3)), " ")


def _words(community: np.ndarray, topic: np.ndarray, n_topics: int, rng: np.random.Generator) -> pa.Array:
    """The words of a topic are every n_topics-th of its community, so that none has two topics."""
    drawn = rng.integers(0, _WORDS_EACH // n_topics, len(community))
    return _FLAT_WORDS.take(pa.array(community * _WORDS_EACH + topic + n_topics * drawn))
