"""The Hugging Face dataset: features, splits, tokens, the card and the build."""
