"""A small stateful Stripe for the demo and the tests, checked against Stripe's own OpenAPI document.

A test starts it with the context manager of `sandbox.stripe.serving`, on a free port of loopback, empty:

    with served() as sandbox:
        client = stripe.StripeClient("sk_test_any", base_addresses={"api": sandbox.url})

Every request, response and event is validated; what is in Stripe's API but not here is an error that names the
operation. Beside `/v1` there is a control surface, `/_sandbox/...`, for what only Stripe, a bank or time can do
(`control.py` lists it), and `/js/v3/`, the stand-in of Stripe.js. `python -m sandbox.stripe` serves it by itself.
"""
