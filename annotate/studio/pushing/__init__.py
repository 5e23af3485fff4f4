"""Push: articles become tasks, and tasks follow their articles."""

from __future__ import annotations

from annotate.studio.pushing.plan import Plan, plan_push
from annotate.studio.pushing.push import Pushed, push

__all__ = ["Plan", "Pushed", "plan_push", "push"]
