"""The README's table and the documentation's catalogue are the rules'."""

from portus_policies.catalogue import table, written

from docs.policies_page import PAGE, with_catalogue


def test_the_readme_lists_the_rules_as_they_are() -> None:
    assert written() == table(), "run `cd policies && python -m portus_policies catalogue`"


def test_the_documentation_lists_the_rules_as_they_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_catalogue(text) == text, "run `PYTHONPATH=policies python -m docs.policies_page`"
