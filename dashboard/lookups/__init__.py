"""Items looked for by what people paste: the ids in it, one in every connection, many at once and kept."""
