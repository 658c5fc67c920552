"""Mechanisms: data -> release, with a promise or without one."""
