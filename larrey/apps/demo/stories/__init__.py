"""What happens to an invented patient, as FHIR resources.

``story`` is what a pathway draws on; ``stay`` is one encounter of it. The other modules make what these two offer:
``values`` (figures along a course), ``measuring`` (laboratory and vital signs), ``prescribing``, ``documents`` and
``letters``, ``french`` (words).
"""

from larrey.apps.demo.stories.movements import Leg
from larrey.apps.demo.stories.stay import Stay
from larrey.apps.demo.stories.story import Present, Story

__all__ = ["Leg", "Present", "Stay", "Story"]
