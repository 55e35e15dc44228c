"""What a person may write as a customer."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from config.demo import office
from config.demo.conversations import Letter
from config.demo.letters import File, read_address

MOST_BYTES = 20 * 2**20
# Domains that belong to nobody (RFC 2606): what is invented here can be nobody's address.
_INVENTED = re.compile(
    r"[\w.+-]{1,64}@(?:[a-z0-9-]+\.)*(?:example\.(?:com|org|net)|[a-z0-9-]+\.(?:example|test))"
)


def is_invented(address: str) -> bool:
    ours = address.rpartition("@")[2] in {one.rpartition("@")[2] for one in office.ADDRESSES}
    return bool(_INVENTED.fullmatch(address)) and not ours


class WhoForm(forms.Form):
    """Somebody new."""

    name = forms.CharField(label=_("Name"), max_length=100)
    address = forms.CharField(label=_("Address"), max_length=100)

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).strip().lower()
        if not is_invented(address):
            raise forms.ValidationError(
                _("An invented address, please: one that ends in @example.com or .test.")
            )
        return address


class FilesField(forms.FileField):
    """Several files; the browser sends none when none was chosen."""

    widget = type("FilesInput", (forms.ClearableFileInput,), {"allow_multiple_selected": True})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        files = [super(FilesField, self).clean(one, initial) for one in data or ()]
        if sum(file.size or 0 for file in files) > MOST_BYTES:
            raise forms.ValidationError(_("The files are too large: at most 20 MB together."))
        return files


class WriteForm(forms.Form):
    """A new mail to one of our addresses."""

    to = forms.ChoiceField(
        label=_("To"), choices=[(one, one) for one in office.ADDRESSES], required=False
    )
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(label=_("Text"), max_length=50_000, widget=forms.Textarea)
    attachments = FilesField(label=_("Files"), required=False)

    def __init__(self, *args: Any, answered: Letter | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answered = answered
        if answered:  # it goes back where it came from
            del self.fields["to"], self.fields["subject"]

    @property
    def recipient(self) -> str:
        if self.answered:
            mail = self.answered.mail
            return read_address(str(mail.get("Reply-To") or mail["From"]))
        return str(self.cleaned_data["to"])

    @property
    def attached(self) -> list[File]:
        return [
            (file.name or "file", file.content_type or "application/octet-stream", file.read())
            for file in self.cleaned_data["attachments"]
        ]
