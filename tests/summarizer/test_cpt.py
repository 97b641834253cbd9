"""Time bands of psychotherapy codes; the truth is written out minute by minute at the edges."""

from __future__ import annotations

import pytest

from summarizer.cpt import SOURCE, time_support


@pytest.mark.parametrize(
    ("minutes", "codes"),
    [
        (0, []),
        (15, []),
        (16, ["90832"]),
        (37, ["90832"]),
        (38, ["90834"]),
        (52, ["90834"]),
        (53, ["90837"]),
        (180, ["90837"]),
    ],
)
def test_the_clock_supports_one_band_with_the_client_alone(minutes: int, codes: list[str]) -> None:
    assert [band.code for band in time_support(minutes * 60).bands] == codes


def test_a_minute_that_has_only_begun_does_not_count() -> None:
    support = time_support(52 * 60 + 59.9)
    assert (support.minutes, [band.code for band in support.bands]) == (52, ["90834"])


@pytest.mark.parametrize(
    ("minutes", "client", "family", "codes"),
    [
        (25, False, True, []),
        (26, False, True, ["90846"]),
        (26, True, True, ["90832", "90847"]),
        (25, True, True, ["90832"]),
        (60, False, True, ["90846"]),
        (60, False, False, []),
    ],
)
def test_who_took_part_decides_which_family_code_is_supported(
    minutes: int, client: bool, family: bool, codes: list[str]
) -> None:
    support = time_support(minutes * 60, client_present=client, family_present=family)
    assert [band.code for band in support.bands] == codes


@pytest.mark.parametrize(("given", "codes"), [(15, []), (20, ["90833"]), (45, ["90836"]), (53, ["90838"])])
def test_add_on_codes_rest_on_the_minutes_that_the_clinician_gave_and_not_on_the_clock(
    given: int, codes: list[str]
) -> None:
    support = time_support(75 * 60, psychotherapy_minutes=given)
    assert [band.code for band in support.bands] == codes
    assert f"{given} minutes given by the clinician" in support.remark


def test_add_on_codes_are_never_supported_unless_the_clinician_gave_the_minutes() -> None:
    everything = {band.code for m in range(200) for band in time_support(m * 60, family_present=True).bands}
    assert not everything & {"90833", "90836", "90838"}


def test_the_remark_says_what_was_counted_and_the_source_is_named() -> None:
    assert time_support(15 * 60).remark == (
        "15 minutes on the record by the session clock support no psychotherapy code; the least is 16."
    )
    assert "American Medical Association" in SOURCE


def test_time_before_the_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        time_support(-1)
