"""How we show an identity provider who we are."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProviderMethod(models.TextChoices):
    """By the names of OpenID Connect Core, section 9."""

    BASIC = "client_secret_basic", _("Secret, in a header")
    POST = "client_secret_post", _("Secret, in the body")
    KEY = "private_key_jwt", _("Signed assertion (private_key_jwt)")
