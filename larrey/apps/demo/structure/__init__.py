"""The invented hospital group: ``plan`` says what it has, ``staff`` who works there, ``group`` builds it."""

from larrey.apps.demo.structure.group import Bed, Group, Hospital, Unit, build
from larrey.apps.demo.structure.staff import Professional

__all__ = ["Bed", "Group", "Hospital", "Professional", "Unit", "build"]
