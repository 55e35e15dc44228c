"""All addresses, as they are with `up --demo`."""

from django.urls import include, path

from config.urls import urlpatterns as ordinary

urlpatterns = [path("demo/", include("config.demo.urls")), *ordinary]
