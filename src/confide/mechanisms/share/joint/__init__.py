"""Joint computation: three or more parties learn one figure of all their records, and nobody sees another's.

Semi-honest parties with an honest majority: each computes as the plan says, and no more than the threshold
share what they saw (Shamir's sharing, by MPyC; extra `share`).
"""
