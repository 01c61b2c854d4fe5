from awase.apps.homophily.states import ACTIONS, BITS, FEATURES, LEGAL, STATES


def test_a_state_has_the_bits_of_its_name():
    of = {state: {bit for bit, on in zip(BITS, row) if on} for state, row in zip(STATES, FEATURES)}
    assert of["GR-"] == {"GR-"} and of["IT"] == {"I", "T"} and of["IRC"] == {"I", "RC"} and of["ER~"] == {"E", "R~"}
    assert FEATURES.shape == (12, 10) and FEATURES.sum() == 3 + 2 * 9


def test_an_action_leads_to_states_of_its_kind_and_each_state_is_reached_by_one_action():
    of = {action: {state for state, on in zip(STATES, row) if on} for action, row in zip(ACTIONS, LEGAL)}
    assert (
        of["WR"] == {"GR+", "GR~", "GR-"} and of["CT"] == {"IT"} and of["RC"] == {"IRC", "ERC"} and of["PR-"] == {"IR-", "ER-"}
    )
    assert (LEGAL.sum(axis=0) == 1).all()
