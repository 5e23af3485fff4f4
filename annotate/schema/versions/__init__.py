"""Versions of a schema: what differs between two, and what becomes of annotations."""
