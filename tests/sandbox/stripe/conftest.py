"""The real SDK over real HTTP against the sandbox; contract tests against Stripe too, when there is a test key."""

import os
from collections.abc import Callable, Iterator

import pytest
import stripe

from sandbox.stripe.serving import Sandbox, served
from tests.support.stripe_sandbox import client_of

KEY = os.environ.get("TRUEUP_TEST_STRIPE_KEY", "")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Yield an account that the tests of a module share."""
    with served() as running:
        yield running


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    """Yield an account of a test's own."""
    with served() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    """Return the SDK's client of the shared account."""
    return client_of(sandbox)


@pytest.fixture(params=["sandbox", "stripe"] if KEY else ["sandbox"])
def either(request: pytest.FixtureRequest, sandbox: Sandbox) -> stripe.StripeClient:
    """Return the client of the sandbox, and of Stripe itself in test mode when TRUEUP_TEST_STRIPE_KEY is set."""
    if request.param == "sandbox":
        return client_of(sandbox)
    if not KEY.startswith(("sk_test_", "rk_test_")):
        pytest.fail("TRUEUP_TEST_STRIPE_KEY is no test key")
    return stripe.StripeClient(KEY)


@pytest.fixture
def refused() -> Callable[..., stripe.StripeError]:
    """Return a function that makes a call and returns the error it must end in."""

    def call(made: Callable[[], object]) -> stripe.StripeError:
        with pytest.raises(stripe.StripeError) as caught:
            made()
        return caught.value

    return call
