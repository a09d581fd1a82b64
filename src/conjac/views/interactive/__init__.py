"""Painters on Plotly: each receives a finished picture and a theme, and computes nothing."""
