"""What can go wrong here, said in words a person can act on."""


class EmbeddedError(Exception):
    """The servers or processes could not be brought up; the message says what to do."""
