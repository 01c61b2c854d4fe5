"""What a user can be in and can do: 12 states and 6 actions (Yuan, Schneider and Rizoiu, WWW 2025, in the order of their group's code).

A state is what last happened: a reply that the user got (GR), or what the user did, the first time in that thread (I) or not (E): started it
(T), commented on it (RC), replied to a comment (R). The sign is the stance towards the parent: + agrees, ~ neutral, - disagrees.
"""

import numpy as np

STATES = ("GR+", "GR~", "GR-", "IT", "IRC", "IR+", "IR~", "IR-", "ERC", "ER+", "ER~", "ER-")
ACTIONS = ("WR", "CT", "RC", "PR+", "PR~", "PR-")  # wait for a reply, create a thread, root comment, post a reply

DISAGREE, NEUTRAL, AGREE, UNKNOWN = 0, 1, 2, -1  # stances, as int8

BITS = ("GR+", "GR~", "GR-", "I", "E", "T", "RC", "R+", "R~", "R-")


def _features() -> np.ndarray:
    of = {state: [state] if state.startswith("GR") else [state[0], state[1:]] for state in STATES}
    return np.array([[float(bit in of[state]) for bit in BITS] for state in STATES])


def _legal() -> np.ndarray:
    ends = {"WR": ("GR+", "GR~", "GR-"), "CT": ("IT",), "RC": ("IRC", "ERC")}
    ends |= {f"PR{sign}": (f"IR{sign}", f"ER{sign}") for sign in "+~-"}
    return np.array([[state in ends[action] for state in STATES] for action in ACTIONS])


FEATURES = _features()  # (12, 10) float64
LEGAL = _legal()  # (6, 12) bool: the states an action may lead to, which no earlier state changes
