import pytest


@pytest.fixture(autouse=True)
def charts_of_this_test(settings, tmp_path):
    """Pictures of one test are none of another's."""
    settings.DATA_DIR = tmp_path
