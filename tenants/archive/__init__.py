"""The form in which a bank leaves and comes back: Parquet tables, stored files, a signed manifest."""
