"""An account kept in a file: what one serving made is there in the next."""

import pickle
from pathlib import Path

from sandbox.stripe.service import Service


class NotKept(Exception):  # noqa: N818 - named for what is wrong with the file
    """The file holds no account that this sandbox can go on with; the text is a sentence."""


def keep(service: Service, path: Path) -> None:
    """Write the account to the file, whole or not at all; one without a customer nobody would miss."""
    account = service.account
    with account.lock:
        if not any(account.objects.all("customer")):
            return
        parts = (account.objects.state(), account.clock, account.pending_money, account.card_outcomes, service.keys)
        held = pickle.dumps(parts)
        if path.exists() and path.read_bytes() == held:
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = path.with_suffix(".new")
        written.write_bytes(held)
        written.replace(path)


def restore(service: Service, path: Path) -> None:
    """Go on with the account of the file, if it is there. Raises NotKept."""
    if not path.exists():
        return
    account = service.account
    try:
        # Whoever can write this file can change this program too: it is its owner's alone.
        state, *others = pickle.loads(path.read_bytes())  # noqa: S301 - as said above
        account.clock, account.pending_money, account.card_outcomes, service.keys = others
        account.objects.resume(state)
    except Exception as error:
        raise NotKept(
            f"{path} holds no account that this Stripe sandbox can go on with: remove it to begin an empty one, which "
            "knows none of the customers of these books."
        ) from error
