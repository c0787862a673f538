"""The one rule by which exports keep text from running."""

from hypothesis import given
from hypothesis import strategies as st

from charts.spreadsheets import harmless
from tests.exports.injections import LIVE, NUMBERS, PLAIN


def test_live_text_gets_an_apostrophe_and_keeps_every_character():
    assert len(LIVE) >= 150
    assert [harmless(text) for text in LIVE] == [f"'{text}" for text in LIVE]


def test_other_text_and_plain_numbers_stay_as_they_are():
    for text in (*PLAIN, *NUMBERS):
        assert harmless(text) == text


def test_a_sign_before_more_than_a_number_is_live():
    for text in ("-1+1", "+1e3", "-1 ", "- 1", "-١", "+", "-."):
        assert harmless(text) == f"'{text}"


@given(st.text())
def test_twice_is_once_and_only_the_apostrophe_is_added(text):
    once = harmless(text)
    assert once in (text, f"'{text}")
    assert harmless(once) == once
