"""The version of this software, written into reports, sidecars and cache keys."""

VERSION = "0.1.0"
