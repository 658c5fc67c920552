"""Collaborations on Flower's deployment engine: every party is a machine of its own (extra `flower`).

What is done, in this order: `keys.make_keys` on one machine, and each party's folder goes to that party; a
plan (`deployment`) with the lines of `keys.pinned_text`, the same file for all, fingerprints compared by
telephone; on the server `starting.superlink`, then `starting.register` for each party; on each party's
machine `checking.check_party`, then `starting.supernode`; on the server `starting.write_app` and `start_run`.
The model is in the run's folder when the run has ended, and never before; `run.log` there says what happened.
After a crash `start_run(..., resume=True)` goes on from the last round that ended, without a further charge.

*What it does not do.* Flower runs on each party's machine the code that a run brings: the person who may
submit a run, which is anyone with an account on the server's machine, can read there what the SuperNode can
read. A secure sum protects a party against what the server sees of messages, not against code that it is
sent: start a SuperNode under an account that can read the party's records and nothing else, and have apps
signed (`--trusted-entities`).
"""
