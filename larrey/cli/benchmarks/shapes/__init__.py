"""The bake-off of index shapes (docs/adr/0001-index-shape.md): the same bundles in several physical shapes, side by side."""
