"""Acute appendicitis of a child, in the children's hospital; the story is that of ``appendicitis``."""

from __future__ import annotations

from larrey.apps.demo.pathways.appendicitis import tell
from larrey.apps.demo.pathways.pathway import Pathway, Share
from larrey.apps.demo.stories import Story


def story(s: Story) -> None:
    """A child's."""
    tell(s, child=True)


PATHWAY = Pathway(
    name="appendicitis_child",
    title="Appendicite aiguë de l'enfant",
    shares=(Share((7, 16), 16),),
    present=(("chir_pediatrie", 5),),
    story=story,
)
