"""Who may do what to whose session: the table, held against what was promised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.access import LOCAL, Caller, KeyScope, Right, Role, Whose, caller, require, rights_to
from scribe.errors import NotAllowed

ids = st.sampled_from(["a", "b", "c", "local"])
others = st.sampled_from(["a", "b", "c"])
callers = st.builds(
    caller,
    others,
    st.frozensets(st.sampled_from(Role)),
    supervises=st.frozensets(others),
    scopes=st.frozensets(st.sampled_from(KeyScope)),
)
sessions = st.builds(Whose, ids, ids)

HANDLING = {Right.STATUS, Right.CONSENT, Right.STREAM}
CLINICAL = {Right.READ, Right.CHANGE, Right.EXPORT, Right.SIGN}


def promised(who: Caller, whose: Whose) -> set[Right]:
    """What the brief says, in its own words rather than the table's."""
    rights: set[Right] = set()
    own = whose.owner == who.actor
    if Role.CLINICIAN in who.roles and own:
        rights |= HANDLING | CLINICAL | {Right.SHRED}
    if Role.SUPERVISOR in who.roles and whose.owner in who.supervises:
        rights |= {Right.STATUS, Right.READ}
    if Role.PLATFORM in who.roles and (own or whose.made_by == who.actor):
        if KeyScope.SESSIONS in who.scopes:
            rights |= HANDLING
        if KeyScope.READ in who.scopes:
            rights |= {Right.READ}
    return rights


@given(callers, sessions)
def test_no_role_gets_a_right_that_was_not_promised(who: Caller, whose: Whose) -> None:
    assert rights_to(who, whose) == promised(who, whose)


@given(callers, sessions)
def test_a_right_to_a_session_is_a_right_at_all(who: Caller, whose: Whose) -> None:
    assert rights_to(who, whose) <= who.rights


@given(callers, sessions)
def test_somebody_elses_session_can_be_read_at_most(who: Caller, whose: Whose) -> None:
    if who.actor not in (whose.owner, whose.made_by):
        assert rights_to(who, whose) <= {Right.STATUS, Right.READ}
        if whose.owner not in who.supervises:
            assert not rights_to(who, whose)


@given(st.builds(caller, others, st.just(frozenset({Role.ADMINISTRATOR})), supervises=st.frozensets(others)))
def test_an_administrator_sees_no_session_at_all(who: Caller) -> None:
    assert who.rights == {Right.AUDIT, Right.MANAGE, Right.OBSERVE}
    assert not rights_to(who, Whose(who.actor, who.actor))


@given(callers)
def test_no_platform_ever_signs_changes_or_shreds(who: Caller) -> None:
    if Role.CLINICIAN not in who.roles:
        assert not who.rights & {Right.SIGN, Right.CHANGE, Right.SHRED, Right.EXPORT}


def test_the_local_person_has_every_right_to_local_sessions_and_none_to_an_organisations() -> None:
    assert rights_to(LOCAL, Whose("local", "local")) == set(Right)
    assert not rights_to(LOCAL, Whose("a", "local"))


def test_a_right_that_is_not_there_is_refused_by_name() -> None:
    require(LOCAL, Right.SIGN)
    with pytest.raises(NotAllowed, match="`sign`"):
        require(caller("a", frozenset({Role.SUPERVISOR})), Right.SIGN)
