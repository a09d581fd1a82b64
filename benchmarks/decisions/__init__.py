"""Decisions against other tuners: quality, time, slopes of offsets, and costs."""
