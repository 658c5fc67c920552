"""One figure of several parties' records, by a plan that all of them hold: `confide join`."""
