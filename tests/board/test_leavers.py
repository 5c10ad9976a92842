import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Role, User
from risks.models import RiskChange
from tests.factories import MilestoneFactory, MitigationFactory, RiskFactory, UserFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
REASON = "Left the council on 31 January."


def test_a_leaver_with_milestones_needs_somebody_who_takes_them_over(
    office: User, officer: User, signed_in: SignedIn
) -> None:
    milestone = MilestoneFactory(responsible_officer=officer)
    browser, address = signed_in(office), f"/people/{officer.pk}/deactivate/"

    page = browser.post(address, {"reason": REASON}).content.decode()

    assert '<a href="#id_to">Select who takes over what they answer for.</a>' in page
    assert "1 milestone</a> of the plan" in page
    officer.refresh_from_db()
    milestone.refresh_from_db()
    assert officer.is_active
    assert milestone.responsible_officer == officer


def test_a_leaver_hands_over_everything_and_loses_access(office: User, officer: User, signed_in: SignedIn) -> None:
    responsible = MilestoneFactory(responsible_officer=officer)
    accountable = MilestoneFactory(sro=officer)
    to = UserFactory()

    page = signed_in(office).post(f"/people/{officer.pk}/deactivate/", {"reason": REASON, "to": to.pk}, follow=True)

    assert "is deactivated and can no longer sign in." in page.content.decode()
    for milestone in (responsible, accountable):
        milestone.refresh_from_db()
    officer.refresh_from_db()
    assert responsible.responsible_officer == to
    assert accountable.sro == to
    assert not officer.is_active


def test_a_leaver_hands_over_risks_and_mitigations_too(office: User, officer: User, signed_in: SignedIn) -> None:
    risk, to = RiskFactory(owner=officer), UserFactory()
    action = MitigationFactory(owner=officer)
    closed = RiskFactory(owner=officer, state="closed", closed_on=dt.date(2026, 1, 20))
    browser, address = signed_in(office), f"/people/{officer.pk}/deactivate/"

    asked = browser.post(address, {"reason": REASON}).content.decode()
    page = browser.post(address, {"reason": REASON, "to": to.pk}, follow=True).content.decode()

    assert f'<a class="govuk-link" href="/risks/?owner={officer.pk}">1 open risk</a>' in asked
    assert "Showing 1 of" in browser.get(f"/risks/?owner={to.pk}").content.decode()
    assert "They are responsible for 1 mitigation of open risks." in asked
    assert '<a href="#id_to">Select who takes over what they answer for.</a>' in asked
    assert f"{to} now answers for what was theirs." in page
    for thing in (risk, action, closed, officer):
        thing.refresh_from_db()
    assert (risk.owner, action.owner, officer.is_active) == (to, to, False)
    # It keeps the name that it was closed under.
    assert closed.owner == officer
    change = RiskChange.objects.get()
    assert (change.field, change.was, change.now, change.reason) == ("owner", str(officer), str(to), REASON)
    assert action.updates.first().owner == to


def test_a_leaver_with_a_mitigation_alone_needs_somebody_too(office: User, officer: User, signed_in: SignedIn) -> None:
    MitigationFactory(owner=officer)
    browser, address = signed_in(office), f"/people/{officer.pk}/deactivate/"

    page = browser.post(address, {"reason": REASON}).content.decode()

    assert "Select who takes over what they answer for." in page
    assert "/risks/?owner=" not in page


def test_risks_stay_where_the_deactivation_is_refused(office: User, signed_in: SignedIn) -> None:
    UserFactory(roles=[Role.PROGRAMME_OFFICE])
    risk = RiskFactory(owner=office)

    signed_in(office).post(f"/people/{office.pk}/deactivate/", {"reason": REASON, "to": UserFactory().pk})

    risk.refresh_from_db()
    assert risk.owner == office


def test_a_leaver_without_milestones_is_not_asked_for_a_successor(
    office: User, officer: User, signed_in: SignedIn
) -> None:
    browser, address = signed_in(office), f"/people/{officer.pk}/deactivate/"
    assert "takes over" not in browser.get(address).content.decode()

    browser.post(address, {"reason": REASON})

    officer.refresh_from_db()
    assert not officer.is_active


def test_milestones_stay_where_the_deactivation_is_refused(office: User, signed_in: SignedIn) -> None:
    UserFactory(roles=[Role.PROGRAMME_OFFICE])
    milestone = MilestoneFactory(responsible_officer=office)
    data = {"reason": REASON, "to": UserFactory().pk}

    page = signed_in(office).post(f"/people/{office.pk}/deactivate/", data).content.decode()

    assert "You cannot deactivate yourself." in page
    milestone.refresh_from_db()
    assert milestone.responsible_officer == office


def test_nobody_who_left_takes_milestones_over(office: User, officer: User, at: object, signed_in: SignedIn) -> None:
    MilestoneFactory(responsible_officer=officer)
    gone = UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)

    browser = signed_in(office)
    for to in (gone, officer):
        page = browser.post(f"/people/{officer.pk}/deactivate/", {"reason": REASON, "to": to.pk}).content.decode()
        assert "Select who takes over what they answer for." in page
