"""The editor's addresses, within those of the criteria sets."""

from django.urls import path

from scoring.criteria.editing import node_views, set_views, tree_views

urlpatterns = [
    path("new/", set_views.new, name="new"),
    path("<int:pk>/edit/", tree_views.tree, name="edit"),
    path("<int:pk>/edit/details/", set_views.details, name="edit_details"),
    path("<int:pk>/edit/profiles/", set_views.profiles, name="edit_profiles"),
    path("<int:pk>/edit/paste/", set_views.paste, name="edit_paste"),
    path("<int:pk>/edit/renumber/", tree_views.renumber, name="edit_renumber"),
    path("<int:pk>/edit/nodes/<int:node>/", node_views.node, name="node"),
    path("<int:pk>/edit/nodes/<int:node>/delete/", tree_views.delete, name="node_delete"),
]
