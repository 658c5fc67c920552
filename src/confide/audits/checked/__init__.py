"""Audits by checks: questions with an answer each, and the attack that follows from a bad one."""
