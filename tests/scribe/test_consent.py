"""Who stands where: one consent, one participant, one session, at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scribe.consent import Agreement, Standing, with_consent, with_words, without_consent
from scribe.errors import BadRequest, CannotStart, NotConsented, NotFound, WrongState
from scribe.jurisdictions import load_rules
from scribe.session import Consent, Participant, SpokenWords

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CLINICIAN = Participant(id="cl", role="clinician")
CLIENT = Participant(id="pt", role="client")
CHILD = Participant(id="pt", role="client", minor=True)
ALONE = Participant(id="pt", role="client", minor=True, may_consent_alone="Counselling from 16 on")
IN_ILLINOIS = Participant(id="pt", role="client", jurisdiction="US-IL")
PEOPLE = (CLINICIAN, CLIENT)
MOTHER = {"relationship": "mother", "label": "M."}
SHIPPED = load_rules()


def agreed(person: str, **changes: object) -> Consent:
    return Consent.model_validate(
        {"participant_id": person, "method": "verbal", "statement_version": "1", "given_at": NOW - HOUR}
        | changes
    )


def missing(consents: Sequence[Consent], now: datetime = NOW) -> dict[str, tuple[str, ...]]:
    return Agreement(PEOPLE, consents, SHIPPED).missing(now)


N, G, Y, E = Standing.NONE, Standing.GIVEN, Standing.NOT_YET_VALID, Standing.EXPIRED
T, R, S = Standing.TOO_NARROW, Standing.REVOKED, Standing.SUPERSEDED
GUARDIAN, ASSENT, METHOD = Standing.GUARDIAN_MISSING, Standing.ASSENT_MISSING, Standing.METHOD_NOT_ENOUGH
WRITTEN = {"method": "written"}
FOR = {"purpose": "progress notes"}


@pytest.mark.parametrize(
    ("client", "consents", "part2", "standing"),
    [
        (CLIENT, [], False, N),
        (CLIENT, [{}], False, G),
        (CLIENT, [{"given_at": NOW + 4 * MINUTE}], False, G),
        (CLIENT, [{"given_at": NOW + 6 * MINUTE}], False, Y),
        (CLIENT, [{"expires_at": NOW + MINUTE}], False, G),
        (CLIENT, [{"expires_at": NOW}], False, E),
        (CLIENT, [{"scope": {"record"}}], False, T),
        (CLIENT, [{"scope": {"record"}}, {"scope": {"transcribe", "draft"}}], False, G),
        (CLIENT, [{"revoked_at": NOW - MINUTE}], False, R),
        (CLIENT, [{"revoked_at": NOW - MINUTE}, {"given_at": NOW - 2 * MINUTE}], False, R),
        (CLIENT, [{"revoked_at": NOW - MINUTE}, {"given_at": NOW}], False, G),
        # The newest that could count says what holds, whatever order they came in.
        (CLIENT, [{}, {"given_at": NOW, "expires_at": NOW}], False, E),
        (CLIENT, [{"given_at": NOW, "expires_at": NOW}, {}], False, E),
        (CLIENT, [{"expires_at": NOW - MINUTE}, {"given_at": NOW - MINUTE}], False, G),
        (CLIENT, [{}, {"given_at": NOW, "scope": {"record"}, "expires_at": NOW}], False, T),
        (CHILD, [{}], False, GUARDIAN),
        (CHILD, [{"given_by": MOTHER}], False, G),
        (ALONE, [{}], False, G),
        (IN_ILLINOIS, [{}], False, METHOD),
        (IN_ILLINOIS, [WRITTEN], False, G),
        (IN_ILLINOIS, [{"method": "electronic"}], False, G),
        (IN_ILLINOIS, [WRITTEN, {"given_at": NOW}], False, G),
        (CLIENT, [{"jurisdiction": "us-il"}], False, METHOD),
        (CLIENT, [{"jurisdiction": "US-CA"}], False, G),
        (CLIENT, [FOR | {"expires_at": NOW + DAY}], True, METHOD),
        (CLIENT, [WRITTEN], True, Standing.INCOMPLETE),
        (CLIENT, [WRITTEN | FOR], True, Standing.INCOMPLETE),
        (CLIENT, [WRITTEN | FOR | {"expires_when": "end of treatment"}], True, G),
        (CLIENT, [WRITTEN | FOR | {"expires_at": NOW + DAY}], True, G),
    ],
)
def test_a_participant_stands_where_the_table_says(
    client: Participant, consents: list[dict[str, object]], part2: bool, standing: Standing
) -> None:
    given = [agreed("cl"), *(agreed("pt", **changes) for changes in consents)]
    agreement = Agreement((CLINICIAN, client), given, SHIPPED, part2)
    found = agreement.standings(NOW)[1]
    assert found.standing is standing
    assert (found.missing == ()) == (standing is G)
    if standing is G:
        agreement.require(NOW)
    else:
        with pytest.raises(NotConsented, match="participant pt"):
            agreement.require(NOW)


def test_consent_is_complete_only_when_everybody_agreed_to_everything() -> None:
    assert missing([agreed("cl"), agreed("pt")]) == {}
    assert missing([agreed("cl")]) == {"pt": ("draft", "record", "transcribe")}
    narrow = agreed("pt", scope={"record", "transcribe"})
    assert missing([agreed("cl"), narrow]) == {"pt": ("draft",)}


def test_consent_ends_when_the_first_of_what_is_needed_does() -> None:
    later, soon = NOW + 2 * HOUR, NOW + HOUR
    both = [agreed("cl", expires_at=later), agreed("pt", expires_at=soon)]
    assert missing(both, soon - timedelta(microseconds=1)) == {}
    assert set(missing(both, soon)) == {"pt"}
    assert set(missing(both, later)) == {"cl", "pt"}
    renewed = [*both, agreed("pt", expires_at=later, given_at=NOW)]
    assert missing(renewed, soon) == {}


def test_where_one_is_in_illinois_all_of_the_clients_side_consent_in_writing_and_the_law_is_named() -> None:
    family = Participant(id="mo", role="family")
    agreement = Agreement(
        (CLINICIAN, IN_ILLINOIS, family), [agreed("cl"), agreed("pt"), agreed("mo")], SHIPPED
    )
    found = agreement.standings(NOW)
    assert [one.standing for one in found] == [G, METHOD, METHOD]
    assert any("104-0054" in law for law in found[1].laws)


@pytest.mark.parametrize("code", ["US-CA", "US-FL", "US-MA", "US-MD", "US-MT", "US-NH", "US-PA", "US-WA"])
def test_all_party_states_are_named_and_ask_nothing_more_than_everywhere(code: str) -> None:
    rule = SHIPPED.of([code])
    assert rule.laws
    assert rule.methods == {"written", "electronic", "verbal"}


def test_a_minor_without_assent_is_a_warning_and_a_refusal_where_the_organisation_says_so(
    tmp_path: Path,
) -> None:
    given = [agreed("cl"), agreed("pt", given_by=MOTHER, jurisdiction="US-OR")]
    found = Agreement((CLINICIAN, CHILD), given, SHIPPED).standings(NOW)[1]
    assert (found.standing, len(found.warnings)) == (G, 1)
    own = tmp_path / "rules.toml"
    own.write_text('version = "ours 3"\n[jurisdictions.US-OR]\nassent_required = true\n')
    rules = load_rules(own)
    assert rules.version.endswith("ours 3")
    assert rules.of(["US-IL"]).methods == {"written", "electronic"}, "what ships is still there"
    assert Agreement((CLINICIAN, CHILD), given, rules).standings(NOW)[1].standing is ASSENT
    assented = [agreed("cl"), agreed("pt", given_by=MOTHER, jurisdiction="US-OR", assent=True)]
    found = Agreement((CLINICIAN, CHILD), assented, rules).standings(NOW)[1]
    assert (found.standing, found.warnings) == (G, ())


@pytest.mark.parametrize(
    "text", ["", "version = 1", "version = '1'\n[jurisdictions.US-OR]\nmethods = ['nod']", "{"]
)
def test_a_file_that_holds_no_rules_keeps_the_server_from_starting(tmp_path: Path, text: str) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(text)
    with pytest.raises(CannotStart, match="SCRIBE_CONSENT_RULES"):
        load_rules(own)
    with pytest.raises(CannotStart, match="SCRIBE_CONSENT_RULES"):
        load_rules(tmp_path / "none.toml")


def test_a_consent_that_arrives_late_does_not_undo_a_revocation() -> None:
    consents = without_consent(PEOPLE, [agreed("cl"), agreed("pt")], "pt", NOW)
    assert set(missing(consents)) == {"pt"}
    with pytest.raises(WrongState, match="before this participant revoked"):
        with_consent(PEOPLE, consents, agreed("pt", given_at=NOW - MINUTE))
    again = with_consent(PEOPLE, consents, agreed("pt", given_at=NOW + MINUTE))
    assert missing(again, NOW + MINUTE) == {}


def test_a_consent_of_a_clock_that_is_ahead_is_revoked_all_the_same() -> None:
    ahead = agreed("pt", given_at=NOW + 3 * MINUTE)
    consents = without_consent(PEOPLE, [agreed("cl"), ahead], "pt", NOW)
    assert set(missing(consents)) == {"pt"}
    with pytest.raises(WrongState):
        with_consent(PEOPLE, consents, ahead)


def test_strangers_neither_consent_nor_revoke_nor_speak_for_a_child() -> None:
    with pytest.raises(BadRequest, match="participant_id"):
        with_consent(PEOPLE, [], agreed("nobody"))
    with pytest.raises(NotFound):
        without_consent(PEOPLE, [], "nobody", NOW)
    for guardian in ("nobody", "pt"):
        with pytest.raises(BadRequest, match="guardian_id"):
            with_consent(
                (CLINICIAN, CHILD),
                [],
                agreed("pt", given_by={"relationship": "aunt", "guardian_id": guardian}),
            )


def test_what_a_person_chose_as_evidence_stays_and_a_doubt_is_told_once() -> None:
    rule = SpokenWords(utterance_ids=("u1",), text="client: Yes.", start=1.0, end=2.0)
    chosen = rule.model_copy(
        update={"text": "client: Of course.", "found_by": "clinician", "confirmed": True}
    )
    given = [agreed("cl"), agreed("pt", evidence=chosen)]
    assert with_words(given, "pt", agreed=True, words=rule)[1].evidence == chosen
    written = [agreed("cl"), agreed("pt", method="written")]
    assert with_words(written, "pt", agreed=True, words=rule)[1].evidence is None
    doubted = with_words(written, "pt", agreed=False, words=rule)
    assert doubted[1].doubt == rule
    assert with_words(doubted, "pt", agreed=False, words=chosen) == doubted
