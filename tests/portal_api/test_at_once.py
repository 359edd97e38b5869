"""Two who do the same at the same moment: one of them is first, nobody is told of an error that is ours."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import sqlalchemy as sa

from portal_api.access import Kind, Role
from portal_api.identity import people, staffing
from portal_api.intake import consents
from portal_api.messages import sealing
from portal_api.messages.sealing import Place
from portal_api.problems import Problem
from portal_api.scheduling import catalog, hours, offering
from portal_api.scheduling.hours import Hours
from tests.support.portals import HARBOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from portal_api.here import Here
    from tests.support.portals import Portal


def together(portal: Portal, works: Sequence[Callable[[Here], object]]) -> list[object]:
    """Do each in a transaction of its own, all open before any of them goes on; return what each gave or raised."""
    ready = threading.Barrier(len(works))

    def done(work: Callable[[Here], object]) -> object:
        try:
            with portal.at() as here:
                ready.wait(10)
                return work(here)
        except Problem as problem:
            return problem.name

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(done, works))


def test_who_joins_twice_at_once_is_one_patient(portal: Portal) -> None:
    ids = together(portal, [lambda here: people.join(here, "twice@example.com", "Twice", "Atonce")] * 4)
    assert len(set(ids)) == 1


def test_of_two_texts_published_at_once_one_is_the_next_version(portal: Portal) -> None:
    with portal.at() as here:
        before = next(each.version for each in consents.current(here) if each.kind == "privacy")
    works = [
        lambda here, words=words: consents.publish(here, "privacy", "Privacy", words) for words in ("One.", "Two.")
    ]
    said = together(portal, works)
    with portal.at() as here:
        after = next(each for each in consents.current(here) if each.kind == "privacy")
    assert sorted(map(str, said)) in (["None", "None"], ["None", "newer-text"])
    assert after.version == before + said.count(None)


def test_of_two_admins_who_shut_each_other_out_one_stays(portal: Portal) -> None:
    first = portal.staff(Role.PRACTICE_ADMIN)
    with portal.at() as here:
        other = people.add_staff(here, "second@harbor.example", "Second Admin", {Role.PRACTICE_ADMIN})
        known = people.staff_of_email(here, "admin@harbor.example")
        assert known is not None
        mine = known.id
    second = portal.signed_in(HARBOR, Kind.STAFF, other)
    deeds = ((first, f"/staff/people/{other}/disable"), (second, f"/staff/people/{mine}/disable"))
    for visitor, _ in deeds:
        assert visitor.get("/staff/people").status_code == 200
    with ThreadPoolExecutor(2) as pool:
        said = sorted(answer.status_code for answer in pool.map(lambda deed: deed[0].submit(deed[1]), deeds))
    # Whoever comes second is refused, or finds that they are shut out already.
    assert said in ([303, 409], [303, 303])
    with portal.at() as here:
        left = [each for each in people.all_staff(here) if Role.PRACTICE_ADMIN in each.roles and not each.disabled_at]
        people.enable(here, Kind.STAFF, mine)
        people.disable(here, Kind.STAFF, other)
    assert len(left) == 1


def test_the_lock_of_the_last_admin_holds_however_the_two_interleave(portal: Portal) -> None:
    with portal.at() as here:
        two = [people.add_staff(here, f"a{n}@harbor.example", "An Admin", {Role.PRACTICE_ADMIN}) for n in range(2)]
        known = people.staff_of_email(here, "admin@harbor.example")
        assert known is not None
        people.disable(here, Kind.STAFF, known.id)
    said = together(portal, [lambda here, who=who: staffing.disable(here, who) for who in two])
    with portal.at() as here:
        people.enable(here, Kind.STAFF, known.id)
        for who in two:
            people.disable(here, Kind.STAFF, who)
    assert sorted(map(str, said)) == ["None", "last-admin"]


def test_of_two_who_set_the_week_at_once_one_s_hours_hold(portal: Portal) -> None:
    with portal.at() as here:
        calendar = catalog.calendars(here)[0].id
    wanted = [[(1, Hours(start, start + 60))] for start in (540, 600)]
    together(portal, [lambda here, hours_=each: hours.keep_week(here, calendar, hours_) for each in wanted])
    with portal.at() as here:
        assert [(1, each) for each in hours.week(here, calendar)[1]] in wanted


def test_what_somebody_else_made_a_moment_before_is_a_conflict_and_no_failure(portal: Portal) -> None:
    admin = portal.staff(Role.PRACTICE_ADMIN)
    with portal.at() as here:
        people.add_staff(here, "new@harbor.example", "New One, MD", {Role.PROVIDER}, "prov_new")
    assert admin.get("/staff/offer").status_code == 200
    with ThreadPoolExecutor(1) as pool:
        with portal.at() as here:
            offering.add_provider(here, "prov_new")
            waiting = pool.submit(admin.submit, "/staff/offer/providers", provider="prov_new")
            wait_for_a_lock(portal)
        answer = waiting.result(20)
    assert (answer.status_code, "at this moment" in answer.text) == (409, True)


def wait_for_a_lock(portal: Portal) -> None:
    query = sa.text("select count(*) from pg_locks where locktype = 'transactionid' and not granted")
    for _ in range(400):
        with portal.at() as here:
            if here.db.scalar(query):
                return
        time.sleep(0.01)
    raise AssertionError("Nobody waits for a lock.")


def test_a_data_key_is_forgotten_when_it_is_destroyed_or_was_at_hand_long_enough(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal.at() as here:
        named = sealing.context(here.practice.practice_id, sealing.week_of(here.now))
    for ends in (
        lambda: sealing.forget(named),
        lambda: monkeypatch.setattr(sealing, "monotonic", lambda: time.monotonic() + sealing.AT_HAND_SECONDS),
    ):
        with portal.at() as here:
            sealing.seal(here, "words", Place(uuid4(), uuid4()))
        assert named in {context for _, context in sealing._at_hand}
        ends()
        portal.do_chores()
        assert named not in {context for _, context in sealing._at_hand}
