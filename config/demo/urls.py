"""Addresses of the customer's mailbox; there with `up --demo` alone."""

from django.urls import path

from config.demo import views

urlpatterns = [
    path("", views.people, name="demo-people"),
    path("<str:address>/", views.mailbox, name="demo-mailbox"),
    path("<str:address>/stamp/", views.stamp, name="demo-stamp"),
    path("<str:address>/write/", views.write, name="demo-write"),
    path("<str:address>/<str:name>/frame/", views.frame, name="demo-frame"),
    path("<str:address>/<str:name>/source/", views.source, name="demo-source"),
    path("<str:address>/<str:name>/file/<int:number>/", views.file, name="demo-file"),
]
