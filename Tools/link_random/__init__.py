"""Random programs of several units, linked by weld, GNU ld and lld, run, and compared: README.md."""
