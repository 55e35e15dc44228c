"""Below /hooks/mail/: one address for each account's provider."""

from django.urls import path

from apps.channels.providers.views import hook, news_hook

urlpatterns = [
    path("<slug:provider>/<slug:key>/", hook, name="mail-hook"),
    path("<slug:provider>/<slug:key>/events/", news_hook, name="mail-hook-events"),
    path("<slug:provider>/<slug:key>/mime", hook, name="mail-hook-mime"),
]
