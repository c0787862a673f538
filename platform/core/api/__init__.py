"""What every route of the API shares: the base of views, query parameters, pages, the description."""
