"""The addresses of the wizard, below the admin and behind its door."""

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from config.setup import views
from config.setup.pages import AdministratorsOnly


def pages(site: AdminSite) -> list[URLPattern]:
    def page(where: str, view: type[AdministratorsOnly], name: str) -> URLPattern:
        return path(f"email/setup/{where}", site.admin_view(never_cache(view.as_view())), name=name)

    return [
        page("", views.Start, "email-setup"),
        *(page(f"{one.key}/", one, f"email-setup-{one.key}") for one in views.PAGES),
        page("live/", views.Live, "email-setup-live"),
        page("another/", views.Another, "email-setup-another"),
        page("use/<int:pk>/", views.UseAccount, "email-setup-use"),
        page("round-trip/look/", views.Look, "email-setup-look"),
        page("old-mail/count/", views.CountOldMail, "email-setup-count"),
    ]
