"""Inside the administration frame, at /admin/cycles/."""

from django.urls import path

from scoring.assessment.views import amendments, cycle_blocks, cycle_parts, cycles

app_name = "cycles"
urlpatterns = [
    path("", cycles.index, name="index"),
    path("new/", cycles.new, name="new"),
    path("<int:pk>/", cycles.one_cycle, name="cycle"),
    path("<int:pk>/name/", cycles.change, name="change"),
    path("<int:pk>/settings/", cycles.change_settings, name="settings"),
    path("<int:pk>/delete/", cycles.delete, name="delete"),
    path("blocks/<int:pk>/", cycle_blocks.block, name="block"),
    path("blocks/<int:pk>/set/", cycle_blocks.choose_set, name="choose_set"),
    path("blocks/<int:pk>/windows/", cycle_blocks.windows, name="windows"),
    path("blocks/<int:pk>/agencies/", cycle_blocks.agencies, name="agencies"),
    path("blocks/<int:pk>/extensions/", cycle_blocks.extensions, name="extensions"),
    path("blocks/<int:pk>/open/", cycle_blocks.open_block, name="open"),
    path("blocks/<int:pk>/remove/", cycle_blocks.remove, name="remove"),
    path("blocks/<int:pk>/parts/", cycle_parts.change, name="parts"),
    path("blocks/<int:pk>/parts/add/", cycle_parts.add, name="add_part"),
    path("blocks/<int:pk>/amend/", amendments.amend, name="amend"),
    path("amendments/<int:pk>/", amendments.amendment, name="amendment"),
    path("amendments/<int:pk>/list.csv", amendments.amendment_list, name="amendment_list"),
    path("agencies/<int:pk>/", cycle_blocks.participation, name="participation"),
    path("agencies/<int:pk>/remove/", cycle_blocks.remove_agency, name="remove_agency"),
]
