"""The checks of a schema file: what may be well typed but is wrong."""
