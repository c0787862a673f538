"""Where files stand: folders of this machine, or an object store named by one URL."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

_OPTIONS = ("endpoint_url", "region", "addressing")


def s3_options(url: str, folder: str = "") -> dict[str, str]:
    """Options of `S3Storage` for `s3://bucket/prefix?endpoint_url=…&region=…&addressing=path|virtual`.

    `folder` is put below the URL's prefix. Credentials never stand in the URL: they come from the usual environment
    (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, a profile, or the machine's own role). Raises ImproperlyConfigured.
    """
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    if parts.scheme != "s3" or not parts.hostname or parts.fragment:
        raise ImproperlyConfigured("A file store's URL reads s3://bucket/prefix?endpoint_url=…")
    if parts.username or parts.password:
        raise ImproperlyConfigured("Credentials belong into the environment, not into a URL.")
    if unknown := sorted(set(given) - set(_OPTIONS)):
        raise ImproperlyConfigured(f"A file store's URL knows no {', '.join(unknown)}.")
    if given.get("endpoint_url"):
        # A store of one's own seldom has a name for every bucket.
        given.setdefault("addressing", "path")
    folders = [part for part in (parts.path.strip("/"), folder) if part]
    return {"bucket": parts.netloc, "prefix": "".join(f"{part}/" for part in folders), **given}


def file_store(url: str, *, folder: str, local: Path, **local_options: Any) -> dict[str, Any]:
    """An entry of `STORAGES`: below `folder` of the URL's prefix, or the local folder where no URL is given."""
    if url:
        return {
            "BACKEND": "core.storage.objects.backend.S3Storage",
            "OPTIONS": s3_options(url, folder),
        }
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(local), **local_options},
    }
