"""Refusals of the vault's engine."""


class DecryptionRefused(Exception):
    """The bytes were altered, moved to another place, or made under another key. Which of these is
    not told.
    """
