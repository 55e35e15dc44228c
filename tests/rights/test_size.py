"""How much of it is walked."""

from tests.rights.test_admin import ADMIN, AUTOCOMPLETE, ONE_ROW, VERBS
from tests.rights.test_api import API
from tests.rights.test_desk import DESK
from tests.rights.test_links import LINKS
from tests.rights.test_pages import PAGES
from tests.rights.test_socket import TOPICS
from tests.rights.test_writing import WRITING_DOORS
from tests.rights.world import PEOPLE


def test_the_size_of_the_matrix() -> None:
    """The figure that the README may quote: cells that were walked above."""
    rows = len(PAGES) + len(DESK) + len(API) + len(LINKS) + len(TOPICS) + len(AUTOCOMPLETE)
    rows += len(WRITING_DOORS)
    admin_rows = len(ADMIN) * len(VERBS) - len(ONE_ROW)
    assert (rows + admin_rows) * len(PEOPLE) > 1900
