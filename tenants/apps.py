from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Banks")

    def ready(self) -> None:
        from core.tenancy import register_directory
        from tenants import permissions, provisioning, services
        from tenants.directory import directory

        register_directory(directory)
        permissions.register_all()
        provisioning.register_own_steps()
        services.register_jobs()
