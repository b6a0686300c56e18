"""The README's table is the rules'."""

from portus_policies.catalogue import table, written


def test_the_readme_lists_the_rules_as_they_are() -> None:
    assert written() == table(), "run `cd policies && python -m portus_policies catalogue`"
