"""Alert rules and a dashboard over the metrics of `status --metrics`, made from one table (``table.py``)."""
