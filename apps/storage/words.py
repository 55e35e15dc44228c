"""Errors of a storage as sentences: in the language of whoever reads them."""

from django.utils.translation import gettext

from apps.storage.backends.base import StorageError


def words_of(error: StorageError) -> str:
    said = gettext(error.words)
    said = said % error.facts if error.facts else said
    return said.replace("\0", " ")  # from a server's own words; no database takes it
