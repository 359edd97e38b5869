"""What people do about leaks on the dashboards: rows of the one worklist that the portal's staff work on, audited."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from dashboards.desk import Person, Reader
from dashboards.pages.leak import ROLES
from ledger.store import leak_worklist, worklist
from orchestration.desk.staff import told
from portal_api import audit
from portal_api.access import Role
from portal_api.collecting import points

if TYPE_CHECKING:
    import psycopg

    from ledger.store.leak_worklist import Leak
    from ledger.store.worklist import Item
    from orchestration.desk.staff import PortalStaff
    from portal_api.here import Here


@dataclass(frozen=True)
class LeakDesk:
    """The worklist, for staff who are signed in at the portal."""

    staff: "PortalStaff"

    def people(self, reader: Reader, *, is_nobodys: bool) -> list[Person]:
        """Tell whom a leak can be given to: who works on the books at the reader's own practice, and sees it."""
        with self.staff.acting(reader) as here:
            return _people(here, is_nobodys=is_nobodys)

    def assign(self, reader: Reader, leak_id: str, address: str) -> None:
        """Give a leak to somebody."""

        def given(here: "Here", item: "Item") -> None:
            if address not in {person.address for person in _people(here, is_nobodys=item.practice_id is None)}:
                raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "Choose somebody who works on the books.")
            worklist.assign(here.books, item.item_id, address, points.me(here))

        self._do(reader, leak_id, "assigned", given)

    def note(self, reader: Reader, leak_id: str, said: str) -> None:
        """Write down what was tried or found out."""
        self._say(reader, leak_id, "noted", worklist.note, said)

    def resolve(self, reader: Reader, leak_id: str, said: str) -> None:
        """Say how it ended."""
        self._say(reader, leak_id, "resolved", worklist.resolve, said)

    def dismiss(self, reader: Reader, leak_id: str, said: str) -> None:
        """Say why nothing is to be done about it."""
        self._say(reader, leak_id, "dismissed", worklist.dismiss, said)

    def reopen(self, reader: Reader, leak_id: str, said: str) -> None:
        """Say why it is open again."""
        self._say(reader, leak_id, "reopened", worklist.reopen, said)

    def _say(
        self,
        reader: Reader,
        leak_id: str,
        deed: str,
        work: "Callable[[psycopg.Connection, int, str, str], Item]",
        said: str,
    ) -> None:
        with told():
            words = points.words_of(said)
        self._do(reader, leak_id, deed, lambda here, item: work(here.books, item.item_id, words, points.me(here)))

    def _do(self, reader: Reader, leak_id: str, deed: str, work: "Callable[[Here, Item], object]") -> None:
        """Take the leak up, if nobody has, and do the deed, in the transaction of its audit."""
        with self.staff.acting(reader) as here, _of_all_practices(here.books):
            item = leak_worklist.taken_up(here.books, _leak(here.books, reader, leak_id))
            try:
                work(here, item)
            except worklist.NoSuchItem as refused:
                raise HTTPException(HTTPStatus.CONFLICT, str(refused)) from None
            audit.record(here, f"worklist.{deed}", f"worklist/{item.item_id}")


def _leak(connection: "psycopg.Connection", reader: Reader, leak_id: str) -> "Leak":
    found = leak_worklist.find(connection, leak_id)
    if found is None or reader.practice_id not in {None, found.practice_id}:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such leak, or it leaks no more.")
    return found


def _people(here: "Here", *, is_nobodys: bool) -> list[Person]:
    found = [each for each in points.assignees(here) if each.roles & set(map(Role, ROLES))]
    return [Person(each.email, each.name) for each in found if each.works_for_all or not is_nobodys]


@contextlib.contextmanager
def _of_all_practices(connection: "psycopg.Connection") -> Iterator[None]:
    """Work on rows of any practice and of none, which the portal's role neither sees nor makes, as the books' owner."""
    role = connection.execute("select current_user::text").fetchone()
    connection.execute("set local role none")
    yield
    if role:
        connection.execute("select set_config('role', %s, true)", role)
