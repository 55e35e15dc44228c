"""Addresses of files that work without signing in."""

from django.urls import path

from apps.attachments.link_page import linked_file

urlpatterns = [path("f/<str:token>", linked_file, name="linked-file")]
