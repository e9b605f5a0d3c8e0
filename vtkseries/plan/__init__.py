"""Dataset and options in, :class:`SeriesPlan` out: every error of the user's is raised here, before a file exists."""

from vtkseries.plan.model import ArrayPlan, Component, PartPlan, SeriesPlan

__all__ = ["ArrayPlan", "Component", "PartPlan", "SeriesPlan"]
