"""The register's pictures, each with the table of its rows."""

from risks.charts.heat_map import HeatMap, Placed, heat_map
from risks.charts.trajectory import trajectory

__all__ = ["HeatMap", "Placed", "heat_map", "trajectory"]
