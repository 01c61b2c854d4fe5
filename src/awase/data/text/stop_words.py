"""Words that say little, by the language of a stemmer: for English those of the Snowball project (BSD licence), contractions in their parts."""

_ENGLISH = """
i me my myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its itself they them
their theirs themselves what which who whom this that these those am is are was were be been being have has had having do does did doing
would should could ought a an the and but if or because as until while of at by for with about against between into through during before
after above below to from up down in out on off over under again further then once here there when where why how all any both each few
more most other some such no nor not only own same so than too very cannot
s t d m ll re ve isn aren wasn weren hasn haven hadn doesn don didn won wouldn shan shouldn can couldn mustn let
"""

STOP_WORDS: dict[str, str] = dict.fromkeys(("english", "porter", "lovins"), _ENGLISH)
