"""People in the admin: users with their roles, and the keys of the API."""

from functools import partial
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

import apps.core.admin_alarms
import apps.core.admin_changes  # noqa: F401 - registers its page
from apps.core import lockout, second_factor
from apps.core.admin_bases import OneRow, OnlyLook, Restricted
from apps.core.errors import Guarded
from apps.core.invitations import invite
from apps.core.models import ApiToken, Role, SignInSettings, User
from apps.core.people import end_logins, keep_an_administrator, rights_changed, set_roles
from apps.core.zones import zones

admin.site.unregister(Group)  # rights come from roles
# allauth's own pages show the secrets of second factors and the keys of logins.
admin.site.unregister([Authenticator, EmailAddress, UserSession])


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """“Ana” beside “ana” would be taken for her."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if zone := self.fields.get("time_zone"):  # who only looks has no fields
            names = dict.fromkeys([*zones(), *filter(None, [self.instance.time_zone])])
            self.fields["time_zone"] = forms.ChoiceField(
                label=zone.label,
                required=False,
                choices=[("", _("that of the channel")), *((name, name) for name in names)],
            )

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        others = User.objects.exclude(pk=self.instance.pk)
        if "username" in self.changed_data and others.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("There is a user of that name already."), "unique")
        return name


class UserRolesForm(PersonForm):
    editor: ClassVar[Any] = None  # who has the page open

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
        if self.instance == self.editor:
            self._keep_the_editor_in(data)
        return data

    def _keep_the_editor_in(self, data: dict[str, Any]) -> None:
        """The answer to the save would be a refusal without a word."""
        was = self.instance.has_role(Role.ADMINISTRATOR)
        lost = {
            "roles": was and Role.ADMINISTRATOR not in data.get("roles", ()),
            "is_active": not data.get("is_active"),
        }
        for field in (name for name, is_lost in lost.items() if is_lost):
            self.add_error(field, _("Ask another administrator to take your own role away."))


class NewUserForm(PersonForm):
    """Without a password, the new user is invited to choose one."""

    roles = UserRolesForm.base_fields["roles"]
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Better leave it empty: then nobody but the user ever knows it."),
    )
    send_invitation = forms.BooleanField(
        label=_("Send an invitation"),
        required=False,
        initial=True,
        help_text=_("A mail with a link to choose a password, where you gave none."),
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "language", "time_zone")
        field_classes: ClassVar = {"username": UsernameField}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.invites(data) and not data.get("email"):
            self.add_error("email", _("An invitation needs an address to go to."))
        return data

    def _post_clean(self) -> None:
        """Once the user is filled in: a password is compared with name and address."""
        super()._post_clean()  # type: ignore[misc]
        if password := self.cleaned_data.get("password"):
            try:
                validate_password(password, self.instance)
            except forms.ValidationError as refusal:
                self.add_error("password", refusal)

    def invites(self, data: dict[str, Any]) -> bool:
        return bool(data.get("send_invitation") and not data.get("password"))

    def save(self, commit: bool = True) -> Any:
        self.instance.set_password(self.cleaned_data["password"] or None)
        return super().save(commit)


@admin.register(User)
class CarteriaUserAdmin(Restricted, UserAdmin):  # type: ignore[type-arg]
    form = UserRolesForm
    list_display = ("username", "shown_name", "email", "shown_roles", "is_active", "last_login")
    list_filter = ("is_active", "grants__role")
    fieldsets = (
        (None, {"fields": ("username",)}),  # the password has a page of its own
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language", "time_zone")}),
        (_("Rights"), {"fields": ("is_active", "roles")}),
    )
    add_form = NewUserForm
    add_form_template = None
    add_fieldsets = (
        (
            None,
            {
                "fields": ("username", "password", "send_invitation"),
                "description": _("Who is invited chooses the password alone."),
            },
        ),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language", "time_zone")}),
        (_("Rights"), {"fields": ("roles",)}),
    )
    filter_horizontal: ClassVar = ()
    actions = ("invite_again", "unlock", "sign_out_everywhere", "remove_second_factor")

    @admin.action(description=_("Invite again"), permissions=["change"])
    def invite_again(self, request: HttpRequest, users: "models.QuerySet[User]") -> None:
        for user in users:
            self._invite(request, user)

    @admin.action(description=_("Unlock (after wrong passwords or codes)"), permissions=["change"])
    def unlock(self, request: HttpRequest, users: "models.QuerySet[User]") -> None:
        count = sum(lockout.unlock(user) for user in users)
        self._tell(request, ngettext("%(n)d user unlocked.", "%(n)d users unlocked.", count), count)

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, users: "models.QuerySet[User]") -> None:
        count = sum(end_logins(user) for user in users)
        self._tell(request, ngettext("%(n)d sign-in ended.", "%(n)d sign-ins ended.", count), count)

    @admin.action(description=_("Remove the second factor"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, users: "models.QuerySet[User]") -> None:
        count = sum(second_factor.remove(user) for user in users)
        sentence = ngettext(
            "%(n)d second factor removed. Who needs one sets up a new one at the next sign-in.",
            "%(n)d second factors removed. Who needs one sets up a new one at the next sign-in.",
            count,
        )
        self._tell(request, sentence, count)

    def _tell(self, request: HttpRequest, sentence: str, count: int) -> None:
        self.message_user(request, sentence % {"n": count}, messages.SUCCESS)

    def _invite(self, request: HttpRequest, user: User) -> None:
        invited = invite(user)
        facts = {"user": user.display_name, "trouble": invited.trouble, "link": invited.link}
        if not invited.trouble:
            sentence = gettext(
                "%(user)s is invited; the link in the mail works once, for seven days."
            )
            self.message_user(request, sentence % facts, messages.SUCCESS)
        elif invited.link:
            sentence = gettext(
                "%(user)s was not invited by mail. %(trouble)s"
                " Hand over this link yourself; it works once, for seven days: %(link)s"
            )
            self.message_user(request, sentence % facts, messages.WARNING)
        else:
            self.message_user(request, gettext("%(user)s: %(trouble)s") % facts, messages.ERROR)

    @admin.display(description=_("name"))
    def shown_name(self, user: User) -> str:
        return user.display_name

    @admin.display(description=_("roles"))
    def shown_roles(self, user: User) -> str:
        return ", ".join(str(Role(name).label) for name in sorted(user.role_names))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks sees the roles as words."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        rights = (_("Rights"), {"fields": ("is_active", "shown_roles")})
        return (*self.fieldsets[:-1], rights)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.editor = request.user  # the class is of this request alone
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users stay for the history they wrote; who leaves is handed over and switched off."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if isinstance(form, NewUserForm) and form.invites(form.cleaned_data):
            transaction.on_commit(partial(self._invite, request, obj))
        if "is_active" in form.changed_data and obj.is_active:
            rights_changed([obj.pk])
        elif "is_active" in form.changed_data:
            end_logins(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "roles" in form.cleaned_data:
            kept = form.instance.role_names & {Role.INTEGRATION}
            set_roles(form.instance, {*form.cleaned_data["roles"], *kept})


@admin.register(SignInSettings)
class SignInAdmin(OneRow):
    fieldsets = (
        (
            _("Second factor"),
            {
                "fields": ("second_factor",),
                "description": _(
                    "Set up your own first: the menu under your name in the console. Programs with"
                    " an API token are not asked."
                ),
            },
        ),
        (_("Duration"), {"fields": ("hours",)}),
        (
            _("Lock"),
            {
                "fields": (("failures", "lock_minutes"),),
                "description": _("Against guessing of passwords and codes."),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "second_factor" in form.changed_data and isinstance(request.user, User):
            for sentence in second_factor.consequences(request.user):
                self.message_user(request, sentence, messages.WARNING)


@admin.register(ApiToken)
class ApiTokenAdmin(OnlyLook, Restricted):
    """The key itself is shown once, by the command that makes it; here it can be withdrawn."""

    list_display = ("user", "name", "scopes", "created_at", "last_used_at")
    list_select_related = ("user",)
    fields = ("user", "name", "scopes", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("core.delete_apitoken")
