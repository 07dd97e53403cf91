"""Writing to the record: validate, version, index, keep history, in one transaction."""

from larrey.store.write.bundle import process
from larrey.store.write.operations import create, delete, delete_where, patch, patch_where, update, update_where

__all__ = ["create", "delete", "delete_where", "patch", "patch_where", "process", "update", "update_where"]
