"""Records made ready to print: what the templates of each page need."""
