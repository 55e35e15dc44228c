"""What admin pages of every floor have in common."""

from typing import Any, NoReturn
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.admin.utils import get_fields_from_path, unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import ModelChoiceField, ModelMultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.core.changes import followed_fields
from apps.core.models import User


class OnlyLook:
    """Rows that only the product writes: no page adds, changes or deletes them."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def visible_rows(model: type[models.Model], request: HttpRequest) -> "models.QuerySet[Any]":
    """All that a choice may offer: a model without `visible_to` has nothing to hide."""
    rows = model._default_manager.all()
    narrow = getattr(rows, "visible_to", None)
    return narrow(request.user) if narrow else rows


class VisibleChoices(RelatedFieldListFilter):
    """A filter that offers only what its reader may see."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, Any]]:
        rows = visible_rows(field.remote_field.model, request)
        return list(
            field.get_choices(
                include_blank=False,
                ordering=self.field_admin_ordering(field, request, model_admin),
                limit_choices_to={"pk__in": rows.order_by().values("pk")},
            )
        )


class VisibleFields:
    """For pages and inlines: fields that point at rows take only what one may see."""

    def formfield_for_foreignkey(
        self, db_field: "models.ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        kwargs.setdefault("queryset", visible_rows(db_field.remote_field.model, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc,no-any-return]

    def formfield_for_manytomany(
        self, db_field: "models.ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelMultipleChoiceField[Any] | None":
        kwargs.setdefault("queryset", visible_rows(db_field.remote_field.model, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc,no-any-return]


class OwnHistory:
    """For pages of settings: their history tells before and after, which Django's does not."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        kind = self.model._meta.label_lower  # type: ignore[attr-defined]
        may_read = request.user.has_perm("core.view_settingschange")
        if kind not in followed_fields() or not may_read:
            return super().history_view(request, object_id, extra_context)  # type: ignore[misc,no-any-return]
        query = urlencode({"kind": kind, "object_id": unquote(object_id)})
        return redirect(f"{reverse('admin:core_settingschange_changelist')}?{query}")


class Restricted(OwnHistory, VisibleFields, admin.ModelAdmin):  # type: ignore[type-arg]
    """A page whose every door leads to the rows that one may see, and to no others.

    Django asks `get_queryset` for the list, its bulk actions and searches, the object's own pages,
    autocomplete and the window for raw ids.
    """

    sight = "visible_to"  # the queryset's method; a page may name a narrower one
    nothing_yours: Any = ""  # the sentence above a list that is empty for who sees only a part

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        rows: models.QuerySet[Any] = getattr(super().get_queryset(request), self.sight)(
            request.user
        )
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = request.user
        sees_a_part = isinstance(user, User) and not user.sees_everything
        if self.nothing_yours and sees_a_part and not self.get_queryset(request).exists():
            self.message_user(request, self.nothing_yours, messages.INFO)
        return super().changelist_view(request, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django looks for the row first; who may not read the page learns nothing of it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [self._visible(one) for one in super().get_list_filter(request)]

    def _visible(self, one: Any) -> Any:
        if not isinstance(one, str):
            return one
        related = get_fields_from_path(self.model, one)[-1].remote_field
        return (one, VisibleChoices) if related else one

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> NoReturn:
        """Django would lead to the front page; what is not yours is simply not there."""
        raise Http404


class SpeaksOfDoubts:
    """After saving: what is allowed and probably not meant, as the row's `doubts()` says it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        for sentence in form.instance.doubts():
            self.message_user(request, sentence, messages.WARNING)  # type: ignore[attr-defined]


class OneRow(OwnHistory, admin.ModelAdmin):  # type: ignore[type-arg]
    """A settings row: there is exactly one, so the list is its form."""

    actions = None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = self.model.load()
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return redirect(reverse(f"admin:{name}_change", args=[row.pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
