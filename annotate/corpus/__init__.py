"""Corpora: articles, how they are read, kept, clustered and sampled."""

from annotate.corpus.article import Article
from annotate.corpus.read import read_article, read_articles

__all__ = ["Article", "read_article", "read_articles"]
