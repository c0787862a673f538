"""Accessible SVG pictures for risk, data and operations, in two languages, without script."""
