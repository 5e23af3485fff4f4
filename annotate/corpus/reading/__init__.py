"""Reading articles from whatever they lie in: files, tables, datasets, addresses."""
