"""The version of this software, as reports, sidecars and cache keys name it."""

VERSION = "0.1.0"
