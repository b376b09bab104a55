"""How fast: each ``bench_<topic>.py`` measures ratios within one run, on this machine."""
