"""The annotators' guide of a schema: one content, drawn as Markdown and as HTML."""

from annotate.schema.guide.instructions import guide_html
from annotate.schema.guide.markdown import guide_markdown
from annotate.schema.guide.page import guide_page

__all__ = ["guide_html", "guide_markdown", "guide_page"]
