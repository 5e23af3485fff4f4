"""The documents that people type from: what stands in them is run."""
