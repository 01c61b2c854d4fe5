from awase.core.suggest import did_you_mean


def test_the_nearest_name_comes_first_and_all_are_listed():
    assert did_you_mean("positve", ["positive", "anchor"]) == "did you mean 'positive'? valid: anchor, positive"
    assert did_you_mean("ANCHOR", ["positive", "anchor"]) == "did you mean 'anchor'? valid: anchor, positive"
    assert did_you_mean("anchor", ["Anchor"]) == "did you mean 'Anchor'? valid: Anchor"


def test_nothing_near():
    assert did_you_mean("xyz", ["positive", "anchor"]) == "valid: anchor, positive"
    assert did_you_mean("", []) == "valid: "
