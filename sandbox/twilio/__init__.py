"""A small stateful Twilio for tests and trials: rooms, recording rules, participants, SMS, signed status callbacks.

    with served() as twilio:
        twilio.account.join(token)          # as a browser would: the callback waits to be delivered
        twilio.deliver()                    # in order; or one of twilio.account.callbacks, again, or never

What is in Twilio's API but not here is a 501 that names the operation, a parameter that is not here a 400 that names
the parameter. It holds media no more than tokens do: nobody hears or sees anything through it.
"""
