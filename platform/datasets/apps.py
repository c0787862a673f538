from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    name = "datasets"
    verbose_name = _("Datasets")

    def ready(self) -> None:
        from core.console.navigation import NavItem, add_items
        from datasets import permissions, services
        from datasets.services import metering

        permissions.register_all()
        services.register_jobs()
        services.register_person()
        services.register_records()
        metering.register_meters()
        group = _("Data")
        add_items(
            "bank",
            NavItem(
                _("Datasets"),
                "database",
                "datasets_dataset_changelist",
                permissions.VIEW,
                group,
                10,
            ),
            NavItem(
                _("Loads"),
                "upload_file",
                "datasets_datasetload_changelist",
                permissions.VIEW,
                group,
                11,
            ),
        )
