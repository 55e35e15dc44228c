"""The admin's front page: Settings > Email comes first, in the order of a set-up."""

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class CarteriaAdminSite(AdminSite):
    site_header = _("Carteria")
    site_title = _("Carteria")
    index_title = _("Administration")
