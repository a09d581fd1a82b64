"""Where the rows are, and how they are counted: arrays in memory, or a tally alone; files at the shell."""
