"""One model of several parties that keep their records: planned, paid for, run and written whole."""
