"""Password login, in the schema of the scope in force and nowhere else."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User


class BankBackend(BaseBackend):
    """Same time for an unknown person and a wrong password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        email = username or kwargs.get("email")
        if not email or password is None or "\x00" in email or "\x00" in password:
            return None
        try:
            user: User = User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            User().set_password(password)
            return None
        if user.check_password(password) and user.is_active:
            return user
        return None

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        # Django asks here for anonymous visitors; people answer for themselves.
        return isinstance(user_obj, User) and user_obj.has_perm(perm, obj)
