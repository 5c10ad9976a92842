from django.apps import AppConfig


class PapPortalConfig(AppConfig):
    name = "pap_portal"
