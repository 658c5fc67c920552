"""The renders of a page: HTML, plain text and JSON."""
