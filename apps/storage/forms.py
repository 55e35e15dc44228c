"""The one form of Settings > Email > Storage: the place by its kind, and each kind of file."""

from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.rules import RowForm, told
from apps.core.secrets import seal
from apps.storage import places, rules
from apps.storage.models import Kind, StorageSettings, StorageTarget
from apps.storage.preview import preview_of

Backend = StorageTarget.Backend


def _text(label: Any, help_text: Any = "", *, long: bool = False) -> forms.CharField:
    widget = forms.TextInput(
        attrs={"spellcheck": "false"} | ({"class": "vTextField"} if long else {})
    )
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=500, widget=widget
    )


def _secret(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        label=label, help_text=help_text, required=False, strip=True, widget=widget
    )


def _file(label: Any, help_text: Any) -> forms.CharField:
    """A secret of many lines; it is never shown again."""
    attrs = {"rows": 4, "spellcheck": "false", "autocomplete": "off", "class": "vLargeTextField"}
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=forms.Textarea(attrs=attrs)
    )


FOLDER = _("Empty: its top. A folder of its own keeps other things apart, like carteria/mail.")
STORED = _("Stored. Empty keeps it.")


STORED_WHEN = {
    Kind.PDF: _("Made when Settings > Email > CRM says so; a newer one takes its place."),
    Kind.ATTACHMENTS: _("Files of mails in and out, as soon as they are found clean."),
    Kind.JSON: _("Each message as programs read it by the REST API."),
    Kind.RAW: _("Each received mail byte for byte, once all its files are clean."),
}
EMPTY_PATH = _("Empty: the usual path.")


class PathInput(forms.TextInput):
    """A path with its preview below, which storage.js keeps up to date while one types."""

    def __init__(self, kind: str) -> None:
        super().__init__(attrs={"class": "vLargeTextField", "spellcheck": "false"})
        self.kind = kind

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        shown = preview_of(self.kind, value or "")
        label = gettext("Path: %(kind)s") % {"kind": Kind(self.kind).label}
        told = {**(attrs or {}), "aria-label": label, "aria-describedby": f"preview_{name}"}
        return format_html(
            '{}<output class="path-preview{}" id="preview_{}" data-preview="{}"'
            ' data-kind="{}" for="{}">{}</output>',
            super().render(name, value, told, renderer),
            " path-preview--bad" if shown.problem else "",
            name,
            reverse("admin:storage-preview"),
            self.kind,
            told.get("id", ""),
            shown.problem or shown.path,
        )


class StorageForm(RowForm):
    """Fields of a place are named by its kind and its column; of the others none counts."""

    backend = forms.ChoiceField(
        label=_("Where files are stored"),
        choices=Backend.choices,
        help_text=_("For new files; those that are stored already stay where they are."),
    )

    local_root = _text(
        _("Folder"),
        _("The whole path on this machine, like /srv/files. Empty: Carteria's own."),
        long=True,
    )

    s3_bucket = _text(_("Bucket"), _("Its name only. It has to be there already."))
    s3_region = _text(_("Region"), _("Like eu-west-1. Compatible services often want us-east-1."))
    s3_endpoint = _text(
        _("Address"),
        _("Empty for Amazon. Others, as MinIO or Wasabi, tell you theirs: https://s3.example.com."),
        long=True,
    )
    s3_root = _text(_("Folder in the bucket"), FOLDER, long=True)
    s3_key = _secret(
        _("Access key ID"),
        _("Of a user who may do no more than put, read and delete objects in this bucket."),
    )
    s3_secret = _secret(_("Secret access key"), _("Belongs to the access key. Stored encrypted."))

    google_bucket = _text(_("Bucket"), _("Its name only. It has to be there already."))
    google_root = _text(_("Folder in the bucket"), FOLDER, long=True)
    google_secret = _file(
        _("Key of a service account"),
        _(
            "Paste the whole JSON file that Google gives you. The account needs the role Storage"
            " Object User on this bucket. Stored encrypted."
        ),
    )
    google_endpoint = _text(
        _("Address"), _("Empty for Google's own; only for test servers."), long=True
    )

    azure_user = _text(_("Storage account"), _("Its name, as in NAME.blob.core.windows.net."))
    azure_bucket = _text(_("Container"), _("Its name only. It has to be there already."))
    azure_root = _text(_("Folder in the container"), FOLDER, long=True)
    azure_secret = _secret(
        _("Account key"),
        _("key1 or key2, under Security + networking > Access keys. Stored encrypted."),
    )
    azure_endpoint = _text(
        _("Address"),
        _("Empty for Microsoft's own; other clouds of theirs have another one."),
        long=True,
    )

    sftp_host = _text(_("Server"), _("Its name, like files.example.com."))
    sftp_port = forms.IntegerField(
        label=_("Port"),
        required=False,
        initial=22,
        min_value=1,
        max_value=65535,
        help_text=_("Usually 22."),
    )
    sftp_user = _text(_("User"), _("Who signs in there; made for Carteria alone, if you can."))
    sftp_root = _text(
        _("Folder"), _("Like /home/mail/files. Empty: where the user arrives."), long=True
    )
    sftp_secret = _secret(
        _("Password"), _("Or the passphrase of the private key below. Stored encrypted.")
    )
    sftp_key = _file(
        _("Private key"),
        _("Instead of a password: OpenSSH's format, the whole file. Stored encrypted."),
    )
    sftp_password_only = forms.BooleanField(
        label=_("Forget the private key, use the password"),
        required=False,
        help_text=_("Deletes the stored key when you save."),
    )
    sftp_forget = forms.BooleanField(
        label=_("Forget the server's key"),
        required=False,
        help_text=_("Only when its administrator says that it was changed; then test again."),
    )

    class Meta:
        model = StorageSettings
        fields = tuple(f"{kind}_{what}" for kind in rules.KINDS for what in ("on", "path"))
        help_texts: ClassVar = {f"{kind}_on": words for kind, words in STORED_WHEN.items()}
        help_texts |= {f"{kind}_path": EMPTY_PATH for kind in rules.KINDS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.present = self.instance.target if self.instance.pk else StorageTarget()
        for kind in rules.KINDS:
            if field := self.fields.get(f"{kind}_path"):  # who only looks has no fields
                field.widget = PathInput(Kind(kind))
                field.required = False
        if "backend" in self.fields:
            named = [(value, capfirst(str(label))) for value, label in Backend.choices]
            self.fields["backend"].choices = named  # type: ignore[attr-defined]
        self._fill()

    def _fill(self) -> None:
        backend = self.present.backend
        self.initial.setdefault("backend", backend)
        for name in places.FIELDS[backend]:
            self.initial.setdefault(f"{backend}_{name}", getattr(self.present, name))
        for name in places.SECRETS[backend]:
            if getattr(self.present, name) and f"{backend}_{name}" in self.fields:
                self.fields[f"{backend}_{name}"].help_text = STORED
        for box, stored in (("sftp_forget", "host_key"), ("sftp_password_only", "key")):
            if box in self.fields and not (
                backend == Backend.SFTP and getattr(self.present, stored)
            ):
                self.fields[box].disabled = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        backend = data.get("backend")
        if backend:
            self.target = self._wanted(backend, data)
            self._take_secrets(backend, data)
            self._check(backend)
        return data

    def _wanted(self, backend: str, data: dict[str, Any]) -> StorageTarget:
        named = {name: data.get(f"{backend}_{name}") for name in places.FIELDS[backend]}
        if "port" in named:
            named["port"] = named["port"] or 22
        named = {name: "" if value is None else value for name, value in named.items()}
        target = places.wanted(self.present, {"backend": backend, **named})
        if data.get("sftp_forget") or (backend == Backend.SFTP and target.pk is None):
            target.host_key = ""
        return target

    def _take_secrets(self, backend: str, data: dict[str, Any]) -> None:
        """Only what was typed for this very place: a kept secret never goes to another."""
        for name in places.SECRETS[backend]:
            if typed := (data.get(f"{backend}_{name}") or "").strip():
                setattr(self.target, name, seal(typed))
        if data.get("sftp_password_only"):
            self.target.key = ""
        for name in self._missing(backend):
            moved = self.present.backend == backend and getattr(self.present, name)
            words = gettext("The place changed: type it again.") if moved else gettext("Needed.")
            self.add_error(f"{backend}_{name}", words)

    def _missing(self, backend: str) -> list[str]:
        lacking = [one for one in places.SECRETS[backend] if not getattr(self.target, one)]
        if backend == Backend.SFTP:  # one of the two is enough
            return ["secret"] if len(lacking) == 2 else []
        return lacking

    def _check(self, backend: str) -> None:
        try:
            self.target.clean()
        except forms.ValidationError as error:
            for field, sentence in told(error):
                self.add_error(f"{backend}_{field}", sentence)

    def save(self, commit: bool = True) -> Any:
        """The place first, since the row names it."""
        places.choose(self.target)
        self.instance.target = self.target
        return super().save(commit)
