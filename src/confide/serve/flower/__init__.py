"""Collaborations on Flower's deployment engine: every party is a machine of its own (extra `flower`).

What is done, in this order, is what `confide collaborate keys|check|start|resume` do: `keys.make_keys` on one
machine, and each party's folder goes to that party; the plan that a simulation has too, with a table
`[deployed]` and the public keys (`deployment`), the same files for all, fingerprints compared by telephone;
on the server `serving.lead` starts the SuperLink behind its gate (`guarded`), registers the pinned keys,
starts the run and follows it; on each party's machine `joining.join` checks (`checking.check_party`) and runs
the SuperNode until it has received the model. Processes end with the command that started them (`tethered`).
The model is written when the run has ended, and never before; `run.log` in its folder says what happened.
After a crash the run goes on from the last round that ended (`checkpoints`), without a further charge.

*What it does not do.* Flower runs on each party's machine the code that a run brings: the person who may
submit a run, which is anyone with an account on the server's machine, can read there what the SuperNode can
read. A secure sum protects a party against what the server sees of messages, not against code that it is
sent: start a SuperNode under an account that can read the party's records and nothing else, and have apps
signed (`--trusted-entities`).
"""
