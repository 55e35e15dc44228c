"""People in the admin: users with their roles, and the keys of the API."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.errors import Guarded
from apps.core.models import ApiToken, Role, User
from apps.core.people import end_logins, keep_an_administrator, rights_changed, set_roles

admin.site.unregister(Group)  # rights come from roles
# allauth's own pages show the secrets of second factors and the keys of logins.
admin.site.unregister([Authenticator, EmailAddress, UserSession])


class UserRolesForm(forms.ModelForm):  # type: ignore[type-arg]
    roles = forms.MultipleChoiceField(
        label=_("roles"),
        choices=[choice for choice in Role.choices if choice[0] != Role.INTEGRATION],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Administrators and supervisors may enter this admin; agents the console."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["roles"].initial = sorted(self.instance.role_names)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not (data.get("is_active") and Role.ADMINISTRATOR in data.get("roles", ())):
            try:
                keep_an_administrator(self.instance)
            except Guarded as guard:
                raise forms.ValidationError(guard.sentence, guard.code) from None
        return data


@admin.register(User)
class CarteriaUserAdmin(Restricted, UserAdmin):  # type: ignore[type-arg]
    form = UserRolesForm
    list_display = ("username", "display_name", "email", "shown_roles", "is_active", "last_login")
    list_filter = ("is_active", "grants__role")
    fieldsets = (
        (None, {"fields": ("username",)}),  # the password has a page of its own
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language", "time_zone")}),
        (_("Rights"), {"fields": ("is_active", "roles")}),
    )
    filter_horizontal: ClassVar = ()

    @admin.display(description=_("roles"))
    def shown_roles(self, user: User) -> str:
        return ", ".join(str(Role(name).label) for name in sorted(user.role_names))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks sees the roles as words."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        rights = (_("Rights"), {"fields": ("is_active", "shown_roles")})
        return (*self.fieldsets[:-1], rights)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users stay for the history they wrote; who leaves is handed over and switched off."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data and obj.is_active:
            rights_changed([obj.pk])
        elif "is_active" in form.changed_data:
            end_logins(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "roles" in form.cleaned_data:
            kept = form.instance.role_names & {Role.INTEGRATION}
            set_roles(form.instance, {*form.cleaned_data["roles"], *kept})


@admin.register(ApiToken)
class ApiTokenAdmin(OnlyLook, Restricted):
    """The key itself is shown once, by the command that makes it; here it can be withdrawn."""

    list_display = ("user", "name", "scopes", "created_at", "last_used_at")
    list_select_related = ("user",)
    fields = ("user", "name", "scopes", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("core.delete_apitoken")
