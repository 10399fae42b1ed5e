"""Every room's tables, so that Django finds them. Rooms never import this module."""

from scoring.assessment.models import *  # noqa: F403
from scoring.criteria.models import *  # noqa: F403
from scoring.publication.models import *  # noqa: F403
from scoring.ranking.models import *  # noqa: F403
