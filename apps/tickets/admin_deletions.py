"""Receipts of deleted conversations."""

from django.contrib import admin

from apps.core.admin_bases import OnlyLook, Restricted
from apps.tickets.models import ThreadDeletion


@admin.register(ThreadDeletion)
class ThreadDeletionAdmin(OnlyLook, Restricted):
    list_display = ("thread_key", "by", "messages", "files", "sources", "updates", "at")
    list_select_related = ("by",)
    search_fields = ("=thread_key",)
    date_hierarchy = "at"
    show_full_result_count = False
    fields = (("thread_key", "by", "at"), ("messages", "files", "sources"), "updates")
