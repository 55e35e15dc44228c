"""The addresses for those who look after others."""

from django.urls import path

from apps.reports import views

urlpatterns = [
    path("", views.board, name="board"),
    path("agents/<int:agent_id>/state/", views.set_state, name="board-state"),
]
