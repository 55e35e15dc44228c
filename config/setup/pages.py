"""What every page of the wizard has: who may, its place among the steps, one form at a time."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseForm, CheckboxInput, RadioSelect, Select, Textarea
from django.forms.widgets import Input
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from apps.core.db.locks import lock_until_commit
from config.setup import steps
from config.setup.steps import LOCKED, Facts


class AdministratorsOnly(View):
    """The admin's door lets supervisors and auditors in; this one does not."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_superuser:  # as set_roles keeps it for every administrator
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class StepPage(AdministratorsOnly):
    """What every step has: its place in the list, and a door that is shut before its time."""

    key = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        facts = steps.load()
        return self.shut(facts) or self.page(facts)

    def shut(self, facts: Facts) -> HttpResponse | None:
        shown = steps.steps(facts)
        if shown[steps.KEYS.index(self.key)].state != LOCKED:
            return None
        way = steps.first_open(shown)
        messages.info(self.request, _("First this step: the one you asked for builds on it."))
        return redirect(way.url)

    def page(self, facts: Facts, **more: Any) -> HttpResponse:
        shown = steps.steps(facts, self.key)
        before, after = steps.neighbours(shown, self.key)
        context = {"facts": facts, "steps": shown, "before": before, "after": after}
        context["step"] = shown[steps.KEYS.index(self.key)]
        template = f"admin/setup/{self.key.replace('-', '_')}.html"
        context |= self.context(facts) | more
        for form in (one for one in context.values() if isinstance(one, BaseForm)):
            _dress(form)
        return render(self.request, template, context)

    def context(self, facts: Facts) -> dict[str, Any]:
        return {}

    def onward(self) -> HttpResponse:
        place = steps.KEYS.index(self.key)
        return redirect(steps.url_of(steps.KEYS[place + 1]))

    def again(self) -> HttpResponse:
        return redirect(steps.url_of(self.key))

    def put_off(self, facts: Facts, *names: str) -> HttpResponse:
        facts.setup.note(put_off=sorted({*facts.setup.put_off, *names}))
        return self.onward()


def _dress(form: BaseForm) -> None:
    """Inputs look like those of the console."""
    for field in form.fields.values():
        if isinstance(field.widget, Input | Textarea | Select) and not isinstance(
            field.widget, CheckboxInput | RadioSelect
        ):
            field.widget.attrs["class"] = "input input--lg"


class FormPage(StepPage):
    """A step that is one form. Two who send it at once come one after the other."""

    def form(self, facts: Facts, data: Any = None) -> Any:
        raise NotImplementedError

    def save(self, form: Any, facts: Facts) -> None:
        raise NotImplementedError

    def post(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            lock_until_commit("setup")
            facts = steps.load()
            if shut := self.shut(facts):
                return shut
            form = self.form(facts, request.POST)
            saved = form.is_valid() and self.may_save(form)
            if saved:
                self.save(form, facts)
        return self.onward() if saved else self.page(facts, form=form)

    def may_save(self, form: Any) -> bool:
        return bool(form.is_current())

    def context(self, facts: Facts) -> dict[str, Any]:
        return {"form": self.form(facts)}
