"""The benchmarks behind ``larrey bench``: one file per figure, each measured beside a floor in the same run."""
