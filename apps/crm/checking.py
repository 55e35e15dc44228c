"""*Test connection*: asks a CRM who we are there, and says the answer in plain words."""

import logging
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.core.errors import Problem
from apps.crm import breaker, registry
from apps.crm.connectors.base import AnyConnector, BulkConnector, CrmError
from apps.crm.models import CrmConnection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    ok: bool
    sentence: str


def check(connection: CrmConnection) -> Answer:
    """Outside any transaction. A good answer ends the connection's rest."""
    try:
        connector = registry.connector_of(connection)
        sentence = _asked(connector)
    except CrmError as error:
        return Answer(False, _(error.words) % error.facts if error.facts else _(error.words))
    except Problem as error:  # a token that no key opens
        return Answer(False, error.sentence)
    except Exception as error:  # the rim: what a connector did not foresee is an answer, too
        log.exception("a connector failed in a way of its own", extra={"crm": connection.kind})
        told = {"kind": type(error).__name__}
        return Answer(False, _("The connector failed: %(kind)s.") % told)
    breaker.close(connection)
    return Answer(True, sentence)


def _asked(connector: AnyConnector) -> str:
    if isinstance(connector, BulkConnector):
        return _("The built-in tickets are in Carteria's own database: there is nobody to ask.")
    said = connector.check()
    return _(said.words) % said.facts
