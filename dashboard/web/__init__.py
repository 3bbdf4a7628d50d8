"""Everything that knows HTTP or HTML: views, forms, presenters, and what stands around each request."""
