"""Parallel maps: they distribute work over threads, processes or a cluster; give one as `map=`."""

from confide.scale.cluster import ray_map
from confide.scale.local import processes, threads

__all__ = ["processes", "ray_map", "threads"]
