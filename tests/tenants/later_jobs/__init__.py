"""The migrations of `jobs` and one more: the code of a later release, for tests of what a release does to banks."""

from jobs import migrations

__path__ = [*__path__, *migrations.__path__]
