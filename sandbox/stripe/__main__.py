"""`python -m sandbox.stripe [PORT]` serves an empty account on loopback until Ctrl-C."""

import contextlib
import sys
import threading

from sandbox.stripe.serving import served

_PORT = 12111

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else _PORT
    with served(port, ticking=True) as sandbox, contextlib.suppress(KeyboardInterrupt):
        print(f"Stripe sandbox: {sandbox.url}", flush=True)  # noqa: T201 - the command's output
        threading.Event().wait()
